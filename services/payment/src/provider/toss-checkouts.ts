// Orders that are paid at Toss Payments' own page: a payment is created, the buyer agrees to it there, and then it is confirmed.
import { PAYMENT_KEY_MISMATCH } from '../domain/instant-payment.js';
import { fail } from '../errors.js';
import { OutcomeUnknown, type PaymentProvider } from './port.js';
import { CURRENCY, CURRENCY_UNSUPPORTED, codeOf, read, type TossApi, underKeys } from './toss-api.js';
import { CONFIRM_REFUSED, DECLINED, ORDER_TAKEN } from './toss-codes.js';
import { chargeOf, isPaid, paymentShape, type TossPayment } from './toss-payment.js';

const METHOD = 'CARD';
const ORDER_NAME_MAX = 100;

type Checkouts = Pick<PaymentProvider, 'openCheckout' | 'confirm' | 'findPayment' | 'closeCheckout'>;

export function tossCheckouts({ call, paymentOf, paymentOfOrder, feeBasisPoints }: TossApi): Checkouts {
  const paid = (payment: TossPayment | undefined) => (payment && isPaid(payment) ? chargeOf(payment, feeBasisPoints) : undefined);

  return {
    // Toss has its own time for a page: half an hour. The order's own end is kept by whoever confirms, or does not.
    async openCheckout({ orderId, orderName, currency, amountMinor, returnUrl }) {
      if (currency !== CURRENCY) throw fail('CURRENCY_WRONG', { currency: CURRENCY });
      const body = {
        method: METHOD,
        amount: Number(amountMinor),
        currency,
        orderId,
        orderName: orderName.slice(0, ORDER_NAME_MAX).replace(/[\ud800-\udbff]$/, ''),
        successUrl: returnUrl,
        failUrl: returnUrl,
      };
      const name = '/v1/payments';
      const reply = await call({ method: 'POST', path: name, name, body, idempotencyKey: `checkout:${orderId}` });
      const taken = ORDER_TAKEN.has(codeOf(reply) ?? '') ? await paymentOfOrder(orderId) : undefined;
      const { checkout } = taken ?? read(paymentShape, reply);
      if (!checkout) throw new OutcomeUnknown('a payment without a page');
      return { url: checkout.url };
    },

    async confirm({ idempotencyKey, paymentKey, orderId, currency, amountMinor, tries }) {
      if (currency !== CURRENCY) return CURRENCY_UNSUPPORTED;
      // Its errors do not say whether a payment key is of this order and amount. The payment does.
      const before = await paymentOf(paymentKey);
      if (before?.orderId !== orderId || before.totalAmount !== amountMinor || before.currency !== currency)
        return { state: 'REFUSED', code: PAYMENT_KEY_MISMATCH };
      if (isDecided(before)) return chargeOf(before, feeBasisPoints);
      const name = '/v1/payments/confirm';
      const body = { paymentKey, orderId, amount: Number(amountMinor) };
      const reply = await underKeys(idempotencyKey, tries, isConfirmed, (key) =>
        call({ method: 'POST', path: name, name, body, idempotencyKey: key }),
      );
      const code = codeOf(reply);
      if (code === undefined || !isConfirmed(code)) return chargeOf(read(paymentShape, reply), feeBasisPoints);
      const after = await paymentOf(paymentKey);
      if (after && isDecided(after)) return chargeOf(after, feeBasisPoints);
      if (ORDER_TAKEN.has(code)) throw new OutcomeUnknown(`${reply.what}: ${code}, and the payment is ${after?.status}`);
      return { state: 'REFUSED', code };
    },

    findPayment: async (orderId) => paid(await paymentOfOrder(orderId)),

    // Toss cannot close a page. Nothing is approved without our confirmation, and one that is on its way is waited for: what the buyer has
    // agreed to expires by itself, within half an hour.
    async closeCheckout(orderId) {
      const payment = await paymentOfOrder(orderId);
      if (payment?.status === 'IN_PROGRESS') throw new OutcomeUnknown('the buyer has agreed, and it has not expired');
      return paid(payment);
    },
  };
}

const isConfirmed = (code: string) => DECLINED.has(code) || CONFIRM_REFUSED.has(code) || ORDER_TAKEN.has(code);
const isDecided = ({ status }: TossPayment) => status !== 'READY' && status !== 'IN_PROGRESS' && status !== 'WAITING_FOR_DEPOSIT';
