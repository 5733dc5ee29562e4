// What the Toss server of the tests has in its books, and what its API does with it. Its form is that of the documented API, 2022-11-16.
import { randomBytes } from 'node:crypto';
import { type Behaviour, behaviourOf } from '@moa/sandbox-provider';
import { korea, type TossCancel, TossError, type TossPayment, type Transaction } from './types.js';

type Body = Readonly<Record<string, unknown>>;

const MERCHANT = 'moatest';
const ORDER_ID = /^[A-Za-z0-9_=-]{6,64}$/;
const MINIMUM = 100;

const keyOf = (bytes: number) => randomBytes(bytes).toString('hex');
const masked = (cardNumber: string) => `${cardNumber.slice(0, 8)}****${cardNumber.slice(12, 15)}*`;

/** A payment that is not paid yet. */
function newPayment(own: Pick<TossPayment, 'type' | 'orderId' | 'orderName' | 'totalAmount'>): TossPayment {
  return {
    mId: MERCHANT,
    version: '2022-11-16',
    paymentKey: keyOf(24),
    method: null,
    currency: 'KRW',
    country: 'KR',
    status: 'READY',
    requestedAt: korea(),
    approvedAt: null,
    balanceAmount: own.totalAmount,
    isPartialCancelable: true,
    lastTransactionKey: null,
    card: null,
    cancels: null,
    failure: null,
    checkout: null,
    ...own,
  };
}

export function emptyTossBooks(onChange: (payment: TossPayment) => void) {
  const cards = new Map<string, { readonly customerKey: string; readonly number: string; readonly behaviour: Behaviour }>();
  const authorized = new Map<string, { readonly customerKey: string; readonly cardNumber: string }>();
  const pages = new Map<string, { readonly successUrl: string; readonly failUrl: string }>();
  const agreed = new Map<string, { readonly number: string; readonly behaviour: Behaviour }>();
  const payments = new Map<string, TossPayment>();
  const byOrder = new Map<string, string>();
  const transactions: Transaction[] = [];
  const settled = new Map<string, number>();
  const tries = new Map<string, number>();

  function put(payment: TossPayment): TossPayment {
    payments.set(payment.paymentKey, payment);
    byOrder.set(payment.orderId, payment.paymentKey);
    return payment;
  }

  function enter(payment: TossPayment, status: string, amount: number): void {
    const { mId, paymentKey, orderId, currency, lastTransactionKey } = payment;
    transactions.push({ mId, paymentKey, orderId, currency, status, amount, transactionKey: lastTransactionKey!, transactionAt: korea() });
  }

  const paymentOf = (paymentKey: string): TossPayment => {
    const payment = payments.get(paymentKey);
    if (!payment) throw new TossError(404, 'NOT_FOUND_PAYMENT', '존재하지 않는 결제 정보 입니다.');
    return payment;
  };

  function checkOrder(orderId: unknown): string {
    if (typeof orderId !== 'string' || !ORDER_ID.test(orderId)) throw new TossError(400, 'INVALID_ORDER_ID');
    const status = payments.get(byOrder.get(orderId) ?? '')?.status;
    if (status && status !== 'ABORTED' && status !== 'EXPIRED') throw new TossError(400, 'DUPLICATED_ORDER_ID');
    return orderId;
  }

  function issue(customerKey: string, cardNumber: string) {
    const billingKey = keyOf(16);
    const number = masked(cardNumber);
    cards.set(billingKey, { customerKey, number, behaviour: behaviourOf(cardNumber) });
    const card = { issuerCode: '61', acquirerCode: '31', number, cardType: '신용', ownerType: '개인' };
    return { mId: MERCHANT, customerKey, authenticatedAt: korea(), method: '카드', billingKey, card };
  }

  // Done, or thrown and ABORTED.
  function approve(
    payment: TossPayment,
    triesOf: string,
    { number, behaviour: { kind, parameter } }: { readonly number: string; readonly behaviour: Behaviour },
    tell: (payment: TossPayment) => void,
  ): TossPayment {
    const nth = (tries.get(triesOf) ?? 0) + 1;
    tries.set(triesOf, nth);
    const card = { issuerCode: '61', acquirerCode: '31', number, amount: payment.totalAmount };
    if (kind === 'DECLINE' || (kind === 'DECLINE_FIRST' && nth <= parameter)) {
      const failure = { code: 'REJECT_CARD_PAYMENT', message: '한도초과 혹은 잔액부족으로 결제에 실패했습니다.' };
      tell(put({ ...payment, status: 'ABORTED', card, failure }));
      throw new TossError(403, failure.code, failure.message);
    }
    const lastTransactionKey = keyOf(16).toUpperCase();
    const done = put({ ...payment, status: 'DONE', method: '카드', approvedAt: korea(), card, lastTransactionKey });
    enter(done, 'DONE', done.totalAmount);
    tell(done);
    return done;
  }

  return {
    payments: () => [...payments.values()],
    paymentOf,
    ofOrder: (orderId: string) => paymentOf(byOrder.get(orderId) ?? ''),
    /** Of a billing key, or of the card that a payment was agreed to with. */
    behaviourOf: (key: string): Behaviour => (cards.get(key) ?? agreed.get(key))?.behaviour ?? { kind: 'PLAIN', parameter: 0 },
    /** What Toss takes of a transaction, once it is settled. */
    settle: (transactionKey: string, fee: number) => settled.set(transactionKey, fee),

    /** POST /v1/billing/authorizations/card. */
    issueByCard({ customerKey, cardNumber, cardExpirationYear, cardExpirationMonth, customerIdentityNumber }: Body) {
      if (customerIdentityNumber !== undefined && !/^(\d{6}|\d{10})$/.test(String(customerIdentityNumber)))
        throw new TossError(400, 'INVALID_BIRTH_DAY_FORMAT');
      if (typeof customerKey !== 'string' || !/^[A-Za-z0-9\-_=.@]{2,300}$/.test(customerKey))
        throw new TossError(400, 'INVALID_CUSTOMER_KEY');
      if (typeof cardNumber !== 'string' || !/^\d{12,20}$/.test(cardNumber) || luhn(cardNumber) % 10 !== 0)
        throw new TossError(400, 'INVALID_CARD_NUMBER', '카드번호를 다시 확인해주세요.');
      if (typeof cardExpirationYear !== 'string' || typeof cardExpirationMonth !== 'string') throw new TossError(400, 'INVALID_REQUEST');
      const now = korea();
      // A century from now begins here: 99 is not over yet.
      if (`${cardExpirationYear}-${cardExpirationMonth}` < now.slice(2, 7)) throw new TossError(400, 'INVALID_CARD_EXPIRATION');
      const behaviour = behaviourOf(cardNumber);
      if (behaviour.kind === 'REFUSED_AT_REGISTRATION') throw new TossError(403, 'REJECT_CARD_COMPANY', '결제 승인이 거절되었습니다.');
      return issue(customerKey, cardNumber);
    },

    /** Somebody leaves a card at Toss's own page: what the page gives for it. */
    authorize(customerKey: string, cardNumber: string): string {
      const authKey = keyOf(20);
      authorized.set(authKey, { customerKey, cardNumber });
      return authKey;
    },

    /** POST /v1/billing/authorizations/issue. */
    issueByAuthKey({ authKey, customerKey }: Body) {
      const left = authorized.get(String(authKey));
      if (!left) throw new TossError(400, 'INVALID_BILLING_AUTH');
      if (left.customerKey !== customerKey) throw new TossError(403, 'NOT_MATCHES_CUSTOMER_KEY');
      authorized.delete(String(authKey));
      return issue(left.customerKey, left.cardNumber);
    },

    /** POST /v1/billing/{billingKey}. Changes everything, or throws and changes nothing: but a decline leaves a payment, ABORTED. */
    charge(billingKey: string, { customerKey, amount, orderId: wanted, orderName }: Body): TossPayment {
      const card = cards.get(billingKey);
      if (!card) throw new TossError(400, 'INVALID_BILL_KEY_REQUEST');
      if (card.customerKey !== customerKey) throw new TossError(403, 'NOT_MATCHES_CUSTOMER_KEY');
      const orderId = checkOrder(wanted);
      if (typeof orderName !== 'string' || orderName.length > 100) throw new TossError(400, 'INVALID_ORDER_NAME');
      if (typeof amount !== 'number' || !Number.isInteger(amount) || amount < 0) throw new TossError(400, 'INVALID_REQUEST');
      if (amount < MINIMUM) throw new TossError(400, 'BELOW_MINIMUM_AMOUNT');
      const payment = newPayment({ type: 'BILLING', orderId, orderName, totalAmount: amount });
      // No webhook: it sends none when a billing key is charged.
      return approve(payment, billingKey, card, () => {});
    },

    /** POST /v1/payments. `pageOf` gives the address of a payment's page. */
    create({ method, amount, orderId: wanted, orderName, successUrl, failUrl }: Body, pageOf: (paymentKey: string) => string): TossPayment {
      const orderId = checkOrder(wanted);
      if (method !== 'CARD' || typeof amount !== 'number' || !Number.isInteger(amount)) throw new TossError(400, 'INVALID_REQUEST');
      if (amount < MINIMUM) throw new TossError(400, 'BELOW_MINIMUM_AMOUNT');
      if (typeof orderName !== 'string' || orderName.length > 100) throw new TossError(400, 'INVALID_ORDER_NAME');
      if (typeof successUrl !== 'string' || typeof failUrl !== 'string') throw new TossError(400, 'INVALID_REQUEST');
      const payment = newPayment({ type: 'NORMAL', orderId, orderName, totalAmount: amount });
      pages.set(payment.paymentKey, { successUrl, failUrl });
      return put({ ...payment, checkout: { url: pageOf(payment.paymentKey) } });
    },

    /** What the buyer does at the page: agrees with a card, or goes away. Gives where the page sends the buyer. */
    visit(paymentKey: string, cardNumber: string | undefined): URL {
      const payment = paymentOf(paymentKey);
      const { successUrl, failUrl } = pages.get(paymentKey)!;
      const back = new URL(cardNumber === undefined ? failUrl : successUrl);
      if (cardNumber === undefined) {
        back.searchParams.set('code', 'PAY_PROCESS_CANCELED');
        back.searchParams.set('message', '사용자에 의해 결제가 취소되었습니다.');
        back.searchParams.set('orderId', payment.orderId);
        return back;
      }
      agreed.set(paymentKey, { number: masked(cardNumber), behaviour: behaviourOf(cardNumber) });
      put({ ...payment, status: 'IN_PROGRESS', method: '카드' });
      for (const [name, value] of Object.entries({
        paymentType: 'NORMAL',
        paymentKey,
        orderId: payment.orderId,
        amount: payment.totalAmount,
      }))
        back.searchParams.set(name, String(value));
      return back;
    },

    /** POST /v1/payments/confirm. */
    confirm({ paymentKey, orderId, amount }: Body): TossPayment {
      const payment = paymentOf(String(paymentKey));
      if (payment.status === 'DONE') throw new TossError(400, 'ALREADY_PROCESSED_PAYMENT', '이미 처리된 결제 입니다.');
      const card = agreed.get(payment.paymentKey);
      if (!card || payment.status !== 'IN_PROGRESS') throw new TossError(404, 'NOT_FOUND_PAYMENT_SESSION');
      if (payment.orderId !== orderId || payment.totalAmount !== amount) throw new TossError(403, 'FORBIDDEN_REQUEST');
      return approve(payment, payment.paymentKey, card, onChange);
    },

    /** The time of a payment that nobody confirmed is over. */
    expire: (paymentKey: string) => onChange(put({ ...paymentOf(paymentKey), status: 'EXPIRED' })),

    /** POST /v1/payments/{paymentKey}/cancel. */
    cancel(paymentKey: string, { cancelReason, cancelAmount, refundableAmount }: Body): TossPayment {
      const payment = paymentOf(paymentKey);
      if (typeof cancelReason !== 'string' || cancelReason.length === 0 || cancelReason.length > 200)
        throw new TossError(400, 'INVALID_REQUEST');
      if (payment.status === 'CANCELED') throw new TossError(400, 'ALREADY_CANCELED_PAYMENT', '이미 취소된 결제 입니다.');
      if (payment.status !== 'DONE' && payment.status !== 'PARTIAL_CANCELED') throw new TossError(403, 'NOT_CANCELABLE_PAYMENT');
      if (refundableAmount !== undefined && refundableAmount !== payment.balanceAmount)
        throw new TossError(400, 'NOT_MATCHES_REFUNDABLE_AMOUNT');
      const amount = cancelAmount ?? payment.balanceAmount;
      if (typeof amount !== 'number' || !Number.isInteger(amount) || amount <= 0) throw new TossError(400, 'INVALID_REQUEST');
      if (amount > payment.balanceAmount) throw new TossError(403, 'NOT_CANCELABLE_AMOUNT', '취소 할 수 없는 금액 입니다.');
      const balanceAmount = payment.balanceAmount - amount;
      const transactionKey = keyOf(16).toUpperCase();
      const cancel: TossCancel = {
        transactionKey,
        cancelReason,
        cancelAmount: amount,
        refundableAmount: balanceAmount,
        canceledAt: korea(),
        cancelStatus: 'DONE',
        cancelRequestId: null,
      };
      const status = balanceAmount === 0 ? 'CANCELED' : 'PARTIAL_CANCELED';
      const after = put({
        ...payment,
        status,
        balanceAmount,
        lastTransactionKey: transactionKey,
        cancels: [...(payment.cancels ?? []), cancel],
      });
      enter(after, status, amount);
      onChange(after);
      return after;
    },

    /** GET /v1/transactions. */
    transactions(query: URLSearchParams): readonly Transaction[] {
      const from = query.get('startDate') ?? '';
      const to = query.get('endDate') ?? '';
      if (!from || !to) throw new TossError(400, 'INVALID_REQUEST');
      const after = query.get('startingAfter');
      const found = transactions.filter(({ transactionAt }) => transactionAt.slice(0, 19) >= from && transactionAt.slice(0, 19) <= to);
      const begin = after ? found.findIndex(({ transactionKey }) => transactionKey === after) + 1 : 0;
      return found.slice(begin, begin + Number(query.get('limit') ?? 100));
    },

    /** GET /v1/settlements. */
    settlements(query: URLSearchParams) {
      const [from, to] = [query.get('startDate') ?? '', query.get('endDate') ?? ''];
      const size = Number(query.get('size') ?? 100);
      const begin = (Number(query.get('page') ?? 1) - 1) * size;
      return transactions
        .filter(
          ({ transactionKey, transactionAt }) =>
            settled.has(transactionKey) && transactionAt.slice(0, 10) >= from && transactionAt.slice(0, 10) <= to,
        )
        .slice(begin, begin + size)
        .map((transaction) => {
          const fee = settled.get(transaction.transactionKey)!;
          return {
            ...transaction,
            fee,
            fees: [{ type: 'BASE', fee }],
            payOutAmount: transaction.amount - fee,
            soldDate: transaction.transactionAt.slice(0, 10),
          };
        });
    },
  };
}

function luhn(digits: string): number {
  return [...digits].reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
}
