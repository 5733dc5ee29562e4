// What sellers are owed, what they are paid, and by whose decision.

export type SettlementKind = 'EARLY' | 'FINAL' | 'ADJUSTMENT' | 'PERIOD';
/** Of projects. */
export type ProjectSettlementKind = Exclude<SettlementKind, 'PERIOD'>;
export const PROJECT_SETTLEMENT_KINDS: readonly ProjectSettlementKind[] = ['EARLY', 'FINAL', 'ADJUSTMENT'];

/** How money comes in. */
export type Flow = 'FUNDING' | 'INSTANT';
export const FLOWS: readonly Flow[] = ['FUNDING', 'INSTANT'];

export type PayoutState = 'REQUESTED' | 'REJECTED' | 'APPROVED' | 'PAID' | 'FAILED';
export const PAYOUT_STATES: readonly PayoutState[] = ['REQUESTED', 'REJECTED', 'APPROVED', 'PAID', 'FAILED'];

/** How far a settlement's money is. */
export type SettlementState = 'PAYABLE' | 'IN_PAYOUT' | 'PAID' | 'EMPTY';
export const SETTLEMENT_STATES: readonly SettlementState[] = ['PAYABLE', 'IN_PAYOUT', 'PAID', 'EMPTY'];

/** States of the newest payout while a settlement is on its way to being paid. */
export const LIVE_PAYOUT_STATES: readonly PayoutState[] = ['REQUESTED', 'APPROVED'];

export function settlementStateOf(netMinor: bigint, newestPayout: PayoutState | undefined): SettlementState {
  if (netMinor === 0n) return 'EMPTY';
  if (newestPayout === 'PAID') return 'PAID';
  return newestPayout && LIVE_PAYOUT_STATES.includes(newestPayout) ? 'IN_PAYOUT' : 'PAYABLE';
}

/** Says which payout a transfer at the bank is: the same however often it is sent. */
export const transferKeyOf = (payoutId: string): string => `payout:${payoutId}`;

/** A movement of the ledger as its seller reads it. */
export interface StatementLine {
  readonly transactionId: bigint;
  readonly time: Date;
  readonly kind: 'CHARGE' | 'REFUND' | 'FEE_BACK' | 'REFUND_REFUSED' | 'CHARGEBACK';
  readonly paymentId: string;
  /** Null for an order. */
  readonly pledgeId: string | null;
  /** Null for a pledge. */
  readonly orderId: string | null;
  readonly grossMinor: bigint;
  readonly platformFeeMinor: bigint;
  readonly providerFeeMinor: bigint;
  readonly couponMinor: bigint;
  readonly netMinor: bigint;
}
