// What is compared with the ledger, and what may differ.
import { attemptOfKey, orderOfKey } from './charge.js';

export const DISCREPANCY_KINDS = [
  'CHARGE_UNKNOWN',
  'CHARGE_MISSING_IN_LEDGER',
  'CHARGE_MISSING_AT_PROVIDER',
  'CHARGE_AMOUNT_DIFFERS',
  'FEE_DIFFERS',
  'CHARGED_TWICE',
  'RETURN_MISSING_IN_LEDGER',
  'RETURN_MISSING_AT_PROVIDER',
  'PAYMENT_STATE_DIFFERS',
  'PLEDGE_NOT_PAID',
  'PLEDGE_WITHOUT_MONEY',
  'PLEDGE_AMOUNT_DIFFERS',
  'ORDER_NOT_PAID',
  'ORDER_WITHOUT_MONEY',
  'ORDER_AMOUNT_DIFFERS',
] as const;

export type DiscrepancyKind = (typeof DISCREPANCY_KINDS)[number];

/** A line of the provider's books: money that it took in (positive) or gave back (negative), and the fee that went with it. */
export interface BookLine {
  readonly position: number;
  readonly chargeId: string;
  /** Under which it was asked for. */
  readonly idempotencyKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
}

/** The same, with the payment that it stands for. */
export interface Movement extends Omit<BookLine, 'idempotencyKey'> {
  /** Or its order's. None: the key is not one of a charge of ours. What gives money back belongs to its charge, whoever asked for it. */
  readonly paymentId: string | null;
}

export function movementOf({ idempotencyKey, ...line }: BookLine): Movement {
  return {
    ...line,
    paymentId: line.amountMinor > 0n ? (attemptOfKey(idempotencyKey)?.paymentId ?? orderOfKey(idempotencyKey) ?? null) : null,
  };
}
