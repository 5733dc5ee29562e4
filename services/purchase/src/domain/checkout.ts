// The saga of an order, as it is stored.
export type CheckoutState = 'RESERVING' | 'WAITING' | 'COMMITTING' | 'UNDOING' | 'DONE' | 'UNDONE' | 'STUCK';
export type Progress = 'OPEN' | 'HELD' | 'COMMITTED' | 'UNDONE' | 'NOT_NEEDED';

export interface Checkout {
  readonly orderId: string;
  readonly state: CheckoutState;
  readonly stock: Progress;
  readonly coupons: Progress;
  readonly points: Progress;
  readonly payment: Progress;
  readonly pointsWanted: bigint;
  /** Empty: it has not come to nothing. */
  readonly undoReason: string;
  readonly lastError: string;
  readonly failures: number;
  readonly nextTime: Date | null;
  readonly resolution: string;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Why a checkout is undone. */
export type UndoReason = 'REFUSED' | 'ABANDONED' | 'CANCELED_BY_BUYER' | 'PAYMENT_EXPIRED' | 'PAYMENT_CANCELED';

const MINUTE_MS = 60_000;
/** How long stock is held for who has not paid. */
export const RESERVED_MS = 15 * MINUTE_MS;
/** A checkout that gathers what it needs and was not heard of for so long was left behind: whoever repeats a call that died had time to come. */
export const GATHER_LEASE_MS = 60_000;
/** Who brings a checkout on has so long; then another does. */
export const WORK_LEASE_MS = 30_000;
/** After the payment's own end: its event should have come by then. */
export const LOOK_AFTER_MS = 30_000;
/** Failures in a row after which a person has to look. */
export const MOST_FAILURES = 10;
export const RETRY_MS = 2_000;
export const RETRY_STUCK_MS = 60 * MINUTE_MS;
