import { fail } from '../errors.js';

export interface Payment {
  readonly id: string;
  readonly pledgeId: string;
  readonly projectId: string;
  readonly payerId: string;
  readonly state: 'CHARGING' | 'COMPLETED' | 'FAILED' | 'CANCELED';
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly createTime: Date;
  readonly attempts: readonly Attempt[];
}

export interface Attempt {
  readonly number: number;
  readonly state: 'PENDING' | 'UNKNOWN' | 'SUCCEEDED' | 'DECLINED' | 'CANCELED';
  readonly providerChargeId: string | null;
  readonly declineCode: string | null;
  readonly createTime: Date;
  readonly settleTime: Date | null;
}

/** A person sees the payments that are the person's own, and nobody else's. */
export function ownedBy(payerId: string, payment: Payment | undefined): Payment {
  if (payment?.payerId !== payerId) throw fail('PAYMENT_NOT_FOUND');
  return payment;
}

/** The provider's charge that a cancel gives back; none when that was done before. Throws when there is nothing to give back. */
export function chargeToCancel(payment: Payment): string | undefined {
  if (payment.state === 'CANCELED') return undefined;
  if (payment.state === 'CHARGING') throw fail('CHARGE_STILL_OPEN', { pledgeId: payment.pledgeId }, { retryAfterMs: OPEN_CHARGE_RETRY_MS });
  const chargeId = payment.attempts.find(({ state }) => state === 'SUCCEEDED')?.providerChargeId;
  if (!chargeId) throw fail('PAYMENT_NOT_PAID', { pledgeId: payment.pledgeId });
  return chargeId;
}

const OPEN_CHARGE_RETRY_MS = 5_000;
