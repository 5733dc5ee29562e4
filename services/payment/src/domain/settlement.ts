// What sellers are owed, what they are paid, and by whose decision.

export type SettlementKind = 'EARLY' | 'FINAL' | 'ADJUSTMENT';
export const SETTLEMENT_KINDS: readonly SettlementKind[] = ['EARLY', 'FINAL', 'ADJUSTMENT'];

export type PayoutState = 'REQUESTED' | 'REJECTED' | 'APPROVED' | 'PAID' | 'FAILED';
export const PAYOUT_STATES: readonly PayoutState[] = ['REQUESTED', 'REJECTED', 'APPROVED', 'PAID', 'FAILED'];

/** Says which payout a transfer at the bank is: the same however often it is sent. */
export const transferKeyOf = (payoutId: string): string => `payout:${payoutId}`;

/** A movement of the ledger as its seller reads it. */
export interface StatementLine {
  readonly transactionId: bigint;
  readonly time: Date;
  readonly kind: 'CHARGE' | 'REFUND' | 'FEE_BACK' | 'REFUND_REFUSED' | 'CHARGEBACK';
  readonly paymentId: string;
  readonly pledgeId: string;
  readonly grossMinor: bigint;
  readonly platformFeeMinor: bigint;
  readonly providerFeeMinor: bigint;
  readonly netMinor: bigint;
}
