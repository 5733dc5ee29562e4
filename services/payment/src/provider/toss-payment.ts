// Payments as Toss Payments shows them, and what they are for us.
import { z } from 'zod';
import { minorUnits } from './http.js';
import { OutcomeUnknown, type ProviderCharge, type ProviderRefund } from './port.js';

const cancelShape = z.object({
  transactionKey: z.string().min(1).max(64),
  cancelAmount: minorUnits,
  cancelReason: z.string().nullish(),
  /** What could still be canceled after this one. */
  refundableAmount: minorUnits,
  cancelStatus: z.enum(['IN_PROGRESS', 'DONE', 'ABORTED']).nullish(),
});

export const paymentShape = z.object({
  paymentKey: z.string().min(1).max(200),
  orderId: z.string(),
  status: z.enum(['READY', 'IN_PROGRESS', 'WAITING_FOR_DEPOSIT', 'DONE', 'CANCELED', 'PARTIAL_CANCELED', 'ABORTED', 'EXPIRED']),
  currency: z.string(),
  totalAmount: minorUnits,
  balanceAmount: minorUnits,
  cancels: z.array(cancelShape).nullish(),
  failure: z.object({ code: z.string() }).nullish(),
  checkout: z.object({ url: z.url() }).nullish(),
});

export type TossPayment = z.infer<typeof paymentShape>;
type TossCancel = z.infer<typeof cancelShape>;

/** An order for each charge, so that none is paid twice. Its id may have letters, digits, "-" and "_", 6 to 64 of them: our keys have a ":". */
export const orderIdOf = (idempotencyKey: string): string => idempotencyKey.replaceAll(':', '_');

export const keyOfOrder = (orderId: string): string => orderId.replaceAll('_', ':');

const REASON_MAX = 200;
/** Enough to tell the cancels of one payment apart, when a key is longer than any of ours that we look for. */
const TAG_MAX = 150;

const tagOf = (idempotencyKey: string): string => idempotencyKey.slice(0, TAG_MAX);

/** Toss does not keep the key of a cancel. It keeps the reason, so the key goes along there: who reads the payment knows which cancel was whose. */
export function reasonWithKey(reason: string, idempotencyKey: string): string {
  const tag = ` [${tagOf(idempotencyKey)}]`;
  // Not half a character at the end.
  return reason.slice(0, REASON_MAX - tag.length).replace(/[\ud800-\udbff]$/, '') + tag;
}

/** '' for a cancel that somebody else made: the shop's staff, or Toss's. */
const keyOfCancel = ({ cancelReason }: TossCancel): string => / \[([^[\]]+)\]$/.exec(cancelReason ?? '')?.[1] ?? '';

/** What the contract lets Toss keep of so much, half a won rounded up. */
export const feeOf = (amountMinor: bigint, basisPoints: bigint): bigint => (amountMinor * basisPoints + 5_000n) / 10_000n;

/** Throws OutcomeUnknown while nothing is decided. */
export function chargeOf(payment: TossPayment, feeBasisPoints: bigint): ProviderCharge {
  return {
    state: stateOf(payment),
    id: payment.paymentKey,
    idempotencyKey: keyOfOrder(payment.orderId),
    currency: payment.currency,
    amountMinor: payment.totalAmount,
    feeMinor: isPaid(payment) ? feeOf(payment.totalAmount, feeBasisPoints) : 0n,
    declineCode: isPaid(payment) ? undefined : (payment.failure?.code ?? payment.status),
    refunds: doneCancels(payment).map((cancel) => refundOf(cancel, feeBasisPoints)),
  };
}

/** The cancel that was made under a key, if it is done. */
export const hasCancel = (payment: TossPayment, idempotencyKey: string): boolean =>
  doneCancels(payment).some((cancel) => keyOfCancel(cancel) === tagOf(idempotencyKey));

// An older version of the API has no status of a cancel: then it is done.
const doneCancels = ({ cancels }: TossPayment): TossCancel[] =>
  (cancels ?? []).filter(({ cancelStatus }) => (cancelStatus ?? 'DONE') === 'DONE');

// Toss gives its fee back with what is canceled: the fee of what stood before, less that of what is left. So all cancels together give it all.
function refundOf(cancel: TossCancel, feeBasisPoints: bigint): ProviderRefund {
  const { transactionKey, cancelAmount, refundableAmount } = cancel;
  return {
    id: transactionKey,
    idempotencyKey: keyOfCancel(cancel),
    amountMinor: cancelAmount,
    feeMinor: feeOf(refundableAmount + cancelAmount, feeBasisPoints) - feeOf(refundableAmount, feeBasisPoints),
  };
}

/** Its card was charged, whatever was given back since. */
export const isPaid = ({ status }: TossPayment): boolean => status === 'DONE' || status === 'CANCELED' || status === 'PARTIAL_CANCELED';

function stateOf({ status, balanceAmount }: TossPayment): ProviderCharge['state'] {
  switch (status) {
    case 'DONE':
      return 'SUCCEEDED';
    case 'CANCELED':
    case 'PARTIAL_CANCELED':
      // Its documentation shows a payment that was canceled in full, and is PARTIAL_CANCELED: what is left counts.
      return balanceAmount === 0n ? 'CANCELED' : 'PARTIALLY_REFUNDED';
    case 'ABORTED':
    case 'EXPIRED':
      return 'DECLINED';
    default:
      throw new OutcomeUnknown(`the payment is ${status}`);
  }
}
