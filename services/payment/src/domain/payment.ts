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
  /** What of coupons and points comes back with it. */
  readonly platformCouponMinor: bigint;
  readonly sellerCouponMinor: bigint;
  readonly pointsMinor: bigint;
  readonly reason: string;
  readonly createTime: Date;
  readonly settleTime: Date | null;
}

/** A person sees the payments that are the person's own, and nobody else's. */
export function ownedBy<P extends { readonly payerId: string }>(payerId: string, payment: P | undefined): P {
  if (payment?.payerId !== payerId) throw fail('PAYMENT_NOT_FOUND');
  return payment;
}

/** The provider's charge that money is given back of; undefined when it cost no money. Throws when it was not paid. */
export function paidCharge({ state, amountMinor, attempts, pledgeId }: Payment): string | undefined {
  if (amountMinor === 0n) return undefined;
  if (state === 'CHARGING') throw fail('CHARGE_STILL_OPEN', { pledgeId }, { retryAfterMs: OPEN_CHARGE_RETRY_MS });
  const paid = attempts.find((attempt) => attempt.state === 'SUCCEEDED' || attempt.state === 'CANCELED');
  if (!paid?.providerChargeId) throw fail('PAYMENT_NOT_PAID', { pledgeId });
  return paid.providerChargeId;
}

const OPEN_CHARGE_RETRY_MS = 5_000;
