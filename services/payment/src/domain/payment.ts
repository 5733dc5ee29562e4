import { fail } from '../errors.js';

export interface Payment {
  readonly id: string;
  readonly pledgeId: string;
  readonly projectId: string;
  readonly payerId: string;
  readonly state: 'CHARGING' | 'COMPLETED' | 'FAILED' | 'PARTIALLY_REFUNDED' | 'CANCELED' | 'CHARGED_BACK';
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly refundedMinor: bigint;
  readonly createTime: Date;
  readonly attempts: readonly Attempt[];
  readonly refunds: readonly Refund[];
}

export interface Attempt {
  readonly number: number;
  readonly state: 'PENDING' | 'UNKNOWN' | 'SUCCEEDED' | 'DECLINED' | 'CANCELED';
  readonly providerChargeId: string | null;
  readonly declineCode: string | null;
  readonly createTime: Date;
  readonly settleTime: Date | null;
}

export interface Refund {
  readonly id: string;
  readonly state: 'BEGUN' | 'SETTLED' | 'REFUSED';
  readonly amountMinor: bigint;
  readonly reason: string;
  readonly createTime: Date;
  readonly settleTime: Date | null;
}

/** A person sees the payments that are the person's own, and nobody else's. */
export function ownedBy<P extends { readonly payerId: string }>(payerId: string, payment: P | undefined): P {
  if (payment?.payerId !== payerId) throw fail('PAYMENT_NOT_FOUND');
  return payment;
}

/** The provider's charge that money is given back of. Throws when there never was one. */
export function paidCharge({ state, attempts, pledgeId }: Payment): string {
  if (state === 'CHARGING') throw fail('CHARGE_STILL_OPEN', { pledgeId }, { retryAfterMs: OPEN_CHARGE_RETRY_MS });
  const paid = attempts.find((attempt) => attempt.state === 'SUCCEEDED' || attempt.state === 'CANCELED');
  if (!paid?.providerChargeId) throw fail('PAYMENT_NOT_PAID', { pledgeId });
  return paid.providerChargeId;
}

const OPEN_CHARGE_RETRY_MS = 5_000;
