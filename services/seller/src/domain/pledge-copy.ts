/** A pledge's states, as in funding. */
export type PledgeState = 'ACTIVE' | 'CHARGING' | 'PAID' | 'CANCELED' | 'PAYMENT_FAILED' | 'DROPPED' | 'REFUNDED' | 'RELEASED';

/** What a project's pledges come to. */
export interface PledgeSums {
  /** Of what was not taken back. */
  readonly raisedMinor: bigint;
  readonly pledgeCount: number;
  /** Given back or not. */
  readonly chargedMinor: bigint;
  readonly paidCount: number;
  /** Being charged, or to be tried again. */
  readonly chargingCount: number;
  readonly droppedMinor: bigint;
  readonly droppedCount: number;
  readonly refundedMinor: bigint;
}

export const NO_PLEDGES: PledgeSums = {
  raisedMinor: 0n,
  pledgeCount: 0,
  chargedMinor: 0n,
  paidCount: 0,
  chargingCount: 0,
  droppedMinor: 0n,
  droppedCount: 0,
  refundedMinor: 0n,
};
