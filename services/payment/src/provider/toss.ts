// Toss Payments over HTTP: its core API, with billing keys of cards and its payment page. See "Toss Payments" in the service's README for
// what of it is proven.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Reply } from './http.js';
import { type AuthorizedCard, type Card, CardRefused, OutcomeUnknown, type PaymentProvider, type ProviderCharge } from './port.js';
import { CURRENCY, CURRENCY_UNSUPPORTED, codeOf, openTossApi, read, type TossApiOptions, underKeys } from './toss-api.js';
import { BOOK_PAGE_MS, tossBooks } from './toss-books.js';
import { tossCheckouts } from './toss-checkouts.js';
import { CANCEL_REFUSED, CARD_REASONS, CHARGE_REFUSED, DECLINED, ISSUERS, ORDER_TAKEN } from './toss-codes.js';
import { chargeOf, hasCancel, orderIdOf, paymentShape, reasonWithKey, type TossPayment } from './toss-payment.js';
import { readTossWebhook } from './toss-webhook.js';

export interface TossOptions extends TossApiOptions {
  /** The first day of the shop's books, "2026-01-01". */
  readonly booksSince: string;
}

const ORDER_NAME = '모아 후원';

const billingShape = z.object({ billingKey: z.string().min(1), card: z.object({ issuerCode: z.string(), number: z.string().min(4) }) });

export function tossProvider({ booksSince, ...options }: TossOptions): PaymentProvider {
  const toss = openTossApi(options);
  const { call, feeBasisPoints, paymentOf } = toss;

  async function findCharge(idempotencyKey: string): Promise<ProviderCharge | undefined> {
    const payment = await toss.paymentOfOrder(orderIdOf(idempotencyKey));
    return payment && chargeOf(payment, feeBasisPoints);
  }

  async function paymentToCancel(paymentKey: string): Promise<TossPayment> {
    const payment = await paymentOf(paymentKey);
    if (!payment) throw new OutcomeUnknown('the payment to cancel is not found');
    return payment;
  }

  function issueByCard({ cardNumber, expiryMonth, expiryYear, holderId, ownerNumber }: Card): Promise<Reply> {
    const name = '/v1/billing/authorizations/card';
    const body = {
      customerKey: holderId,
      cardNumber,
      cardExpirationYear: twoDigits(expiryYear),
      cardExpirationMonth: twoDigits(expiryMonth),
      ...(ownerNumber && { customerIdentityNumber: ownerNumber }),
    };
    return call({ method: 'POST', path: name, name, body });
  }

  // What the page gave is good for one use: whose answer gets lost asks again under the same key, and is told the same.
  function issueByPage({ authKey, holderId }: AuthorizedCard): Promise<Reply> {
    const name = '/v1/billing/authorizations/issue';
    const idempotencyKey = `issue:${createHash('sha256').update(authKey).digest('hex')}`;
    return call({ method: 'POST', path: name, name, body: { authKey, customerKey: holderId }, idempotencyKey });
  }

  return {
    async registerCard(card) {
      const reply = await ('authKey' in card ? issueByPage(card) : issueByCard(card));
      const reason = CARD_REASONS[codeOf(reply) ?? ''];
      if (reason) throw new CardRefused(reason);
      const { billingKey, card: shown } = read(billingShape, reply);
      // It hides the last digit, too: better those that the person typed in.
      const last4 = ('cardNumber' in card ? card.cardNumber : shown.number).slice(-4);
      return { billingKey, brand: ISSUERS[shown.issuerCode] ?? 'OTHER', last4 };
    },

    async charge({ idempotencyKey, billingKey, holderId, currency, amountMinor, orderId, tries }) {
      if (currency !== CURRENCY) return CURRENCY_UNSUPPORTED;
      const body = {
        customerKey: holderId,
        amount: Number(amountMinor),
        orderId: orderIdOf(idempotencyKey),
        orderName: `${ORDER_NAME} ${orderId}`,
      };
      const path = `/v1/billing/${encodeURIComponent(billingKey)}`;
      const reply = await underKeys(idempotencyKey, tries, isCharged, (key) =>
        call({ method: 'POST', path, name: '/v1/billing/:billingKey', body, idempotencyKey: key }),
      );
      const code = codeOf(reply);
      if (code && CHARGE_REFUSED.has(code)) return { state: 'REFUSED', code };
      // It keeps what was declined, too, or it does not: then there is only the code.
      if (code && DECLINED.has(code)) return (await findCharge(idempotencyKey)) ?? { state: 'REFUSED', code };
      const taken = code && ORDER_TAKEN.has(code) ? await findCharge(idempotencyKey) : undefined;
      return taken ?? chargeOf(read(paymentShape, reply), feeBasisPoints);
    },

    findCharge,

    async getCharge(paymentKey) {
      const payment = await paymentOf(paymentKey);
      return payment && chargeOf(payment, feeBasisPoints);
    },

    // No order stands behind a cancel, which would be refused the second time, and its key is forgotten after 15 days: first a look at the payment.
    async refund({ chargeId, idempotencyKey, currency, amountMinor, reason, tries }) {
      if (currency !== CURRENCY) return CURRENCY_UNSUPPORTED;
      const before = await paymentToCancel(chargeId);
      if (hasCancel(before, idempotencyKey)) return chargeOf(before, feeBasisPoints);
      const path = `/v1/payments/${encodeURIComponent(chargeId)}/cancel`;
      const first = { cancelReason: reasonWithKey(reason, idempotencyKey), cancelAmount: Number(amountMinor) };
      // Under another key it happens only if nothing has changed since the look.
      const again = { ...first, refundableAmount: Number(before.balanceAmount) };
      const reply = await underKeys(idempotencyKey, tries, isCanceled, (key) => {
        const body = key === idempotencyKey ? first : again;
        return call({ method: 'POST', path, name: '/v1/payments/:paymentKey/cancel', body, idempotencyKey: key });
      });
      const code = codeOf(reply);
      if (!code || !CANCEL_REFUSED.has(code)) return chargeOf(read(paymentShape, reply), feeBasisPoints);
      // Canceled already: perhaps by this very cancel, whose answer said something else.
      const after = await paymentToCancel(chargeId);
      return hasCancel(after, idempotencyKey) ? chargeOf(after, feeBasisPoints) : { state: 'REFUSED', code };
    },

    ...tossCheckouts(toss),
    listBooks: tossBooks(toss, booksSince),
    bookPageMs: BOOK_PAGE_MS,
    readWebhook: readTossWebhook,
  };
}

const isCharged = (code: string) => DECLINED.has(code) || CHARGE_REFUSED.has(code) || ORDER_TAKEN.has(code);
const isCanceled = (code: string) => CANCEL_REFUSED.has(code);

const twoDigits = (value: number): string => String(value % 100).padStart(2, '0');
