// Toss Payments over HTTP: its core API, with billing keys of cards. See "Toss Payments" in the service's README for what of it is proven.
import { z } from 'zod';
import { type ApiOptions, openApi, type Reply, read as readReply } from './http.js';
import { CardRefused, OutcomeUnknown, type PaymentProvider, type ProviderCharge } from './port.js';
import { BOOK_PAGE_MS, tossBooks } from './toss-books.js';
import { CANCEL_REFUSED, CARD_REASONS, CHARGE_REFUSED, DECLINED, ISSUERS, NOT_FOUND, ORDER_TAKEN, STILL_AT_WORK } from './toss-codes.js';
import { chargeOf, hasCancel, orderIdOf, paymentShape, reasonWithKey, type TossPayment } from './toss-payment.js';
import { readTossWebhook } from './toss-webhook.js';

export interface TossOptions extends Omit<ApiOptions, 'authorization'> {
  readonly secretKey: string;
  /** A payment does not tell Toss's fee: this is it by contract. */
  readonly feeBasisPoints: bigint;
  /** The first day of the shop's books, "2026-01-01". */
  readonly booksSince: string;
}

/** What it takes. Other currencies need another contract, and come with amounts that are no whole minor units. */
const CURRENCY = 'KRW';
const ORDER_NAME = '모아 후원';

const errorShape = z.object({ code: z.string().min(1) });
const billingShape = z.object({ billingKey: z.string().min(1), card: z.object({ issuerCode: z.string() }) });

export function tossProvider({ secretKey, feeBasisPoints, booksSince, ...options }: TossOptions): PaymentProvider {
  const api = openApi({ ...options, authorization: `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}` });

  async function findPayment(path: string, name: string): Promise<TossPayment | undefined> {
    const reply = await api({ method: 'GET', path, name });
    return NOT_FOUND.has(codeOf(reply) ?? '') ? undefined : read(paymentShape, reply);
  }

  const paymentOf = (paymentKey: string) => findPayment(`/v1/payments/${encodeURIComponent(paymentKey)}`, '/v1/payments/:paymentKey');

  async function paymentOfOrder(idempotencyKey: string): Promise<ProviderCharge | undefined> {
    const payment = await findPayment(`/v1/payments/orders/${orderIdOf(idempotencyKey)}`, '/v1/payments/orders/:orderId');
    return payment && chargeOf(payment, feeBasisPoints);
  }

  async function paymentToCancel(paymentKey: string): Promise<TossPayment> {
    const payment = await paymentOf(paymentKey);
    if (!payment) throw new OutcomeUnknown('the payment to cancel is not found');
    return payment;
  }

  return {
    async registerCard({ cardNumber, expiryMonth, expiryYear, holderId }) {
      const name = '/v1/billing/authorizations/card';
      const body = {
        customerKey: holderId,
        cardNumber,
        cardExpirationYear: twoDigits(expiryYear),
        cardExpirationMonth: twoDigits(expiryMonth),
      };
      const reply = await api({ method: 'POST', path: name, name, body });
      const reason = CARD_REASONS[codeOf(reply) ?? ''];
      if (reason) throw new CardRefused(reason);
      const { billingKey, card } = read(billingShape, reply);
      // It shows the number with its last digit hidden, too.
      return { billingKey, brand: ISSUERS[card.issuerCode] ?? 'OTHER', last4: cardNumber.slice(-4) };
    },

    async charge({ idempotencyKey, billingKey, holderId, currency, amountMinor, orderId, tries }) {
      if (currency !== CURRENCY) return { state: 'REFUSED', code: 'CURRENCY_UNSUPPORTED' };
      const body = {
        customerKey: holderId,
        amount: Number(amountMinor),
        orderId: orderIdOf(idempotencyKey),
        orderName: `${ORDER_NAME} ${orderId}`,
      };
      const path = `/v1/billing/${encodeURIComponent(billingKey)}`;
      const reply = await underKeys(idempotencyKey, tries, isCharged, (key) =>
        api({ method: 'POST', path, name: '/v1/billing/:billingKey', body, idempotencyKey: key }),
      );
      const code = codeOf(reply);
      if (code && CHARGE_REFUSED.has(code)) return { state: 'REFUSED', code };
      // It keeps what was declined, too, or it does not: then there is only the code.
      if (code && DECLINED.has(code)) return (await paymentOfOrder(idempotencyKey)) ?? { state: 'REFUSED', code };
      const taken = code && ORDER_TAKEN.has(code) ? await paymentOfOrder(idempotencyKey) : undefined;
      return taken ?? chargeOf(read(paymentShape, reply), feeBasisPoints);
    },

    findCharge: paymentOfOrder,

    async getCharge(paymentKey) {
      const payment = await paymentOf(paymentKey);
      return payment && chargeOf(payment, feeBasisPoints);
    },

    // No order stands behind a cancel, which would be refused the second time, and its key is forgotten after 15 days: first a look at the payment.
    async refund({ chargeId, idempotencyKey, currency, amountMinor, reason, tries }) {
      if (currency !== CURRENCY) return { state: 'REFUSED', code: 'CURRENCY_UNSUPPORTED' };
      const before = await paymentToCancel(chargeId);
      if (hasCancel(before, idempotencyKey)) return chargeOf(before, feeBasisPoints);
      const path = `/v1/payments/${encodeURIComponent(chargeId)}/cancel`;
      const first = { cancelReason: reasonWithKey(reason, idempotencyKey), cancelAmount: Number(amountMinor) };
      // Under another key it happens only if nothing has changed since the look.
      const again = { ...first, refundableAmount: Number(before.balanceAmount) };
      const reply = await underKeys(idempotencyKey, tries, isCanceled, (key) => {
        const body = key === idempotencyKey ? first : again;
        return api({ method: 'POST', path, name: '/v1/payments/:paymentKey/cancel', body, idempotencyKey: key });
      });
      const code = codeOf(reply);
      if (!code || !CANCEL_REFUSED.has(code)) return chargeOf(read(paymentShape, reply), feeBasisPoints);
      // Canceled already: perhaps by this very cancel, whose answer said something else.
      const after = await paymentToCancel(chargeId);
      return hasCancel(after, idempotencyKey) ? chargeOf(after, feeBasisPoints) : { state: 'REFUSED', code };
    },

    listBooks: tossBooks({ api, read, paymentOf, feeBasisPoints, since: booksSince }),
    bookPageMs: BOOK_PAGE_MS,
    readWebhook: readTossWebhook,
  };
}

const isCharged = (code: string) => DECLINED.has(code) || CHARGE_REFUSED.has(code) || ORDER_TAKEN.has(code);
const isCanceled = (code: string) => CANCEL_REFUSED.has(code);

/**
 * Toss keeps the answer to a key, and gives it again for 15 days: an error that was passing, too. So whoever meets one goes on under
 * another key, but only when the earlier ones are over, and the more seldom the more often it failed. `isFinal`: an error that decides.
 */
async function underKeys(
  idempotencyKey: string,
  tries: number,
  isFinal: (code: string) => boolean,
  send: (key: string) => Promise<Reply>,
): Promise<Reply> {
  const keys = 1 + Math.floor(Math.log2(Math.max(tries, 1)));
  for (let nth = 1; ; nth++) {
    const reply = await send(nth === 1 ? idempotencyKey : `${idempotencyKey}:again-${nth}`);
    const code = codeOf(reply);
    if (code === undefined || isFinal(code) || code === STILL_AT_WORK || nth === keys) return reply;
  }
}

const read = <T>(shape: z.ZodType<T>, reply: Reply): T => readReply(shape, reply, codeOf(reply));

function codeOf({ status, body }: Reply): string | undefined {
  return status < 400 ? undefined : errorShape.safeParse(body).data?.code;
}

const twoDigits = (value: number): string => String(value % 100).padStart(2, '0');
