// What is asked of the provider for an attempt, and when it is asked again.
import { fail } from '../errors.js';
import { type Discounts, sumOf } from './instant-payment.js';

/** What funding asks to be charged for a pledge: the price is the amount, and the discounts. */
export interface Charge extends Discounts {
  readonly pledgeId: string;
  readonly projectId: string;
  readonly sellerId: string;
  readonly payerId: string;
  readonly billingMethodId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly attempt: number;
}

/** Each pledge once, and each with a price. */
export function checkCharges(charges: readonly Charge[]): readonly Charge[] {
  const seen = new Set<string>();
  for (const { pledgeId, amountMinor, ...charge } of charges) {
    if (seen.has(pledgeId)) throw fail('PLEDGE_TWICE', { pledgeId });
    if (amountMinor + sumOf(charge) === 0n) throw fail('AMOUNT_ZERO', { pledgeId });
    seen.add(pledgeId);
  }
  return charges;
}

/** Says which attempt a charge at the provider is: the same however often it is sent. */
export const idempotencyKeyOf = (paymentId: string, attempt: number): string => `${paymentId}:${attempt}`;

/** Says which refund it is, at the provider: the same however often it is sent. */
export const refundKeyOf = (refundId: string): string => `refund:${refundId}`;

/** Says which charge that is none of ours is given back: once, however often it is sent. */
export const orphanKeyOf = (chargeId: string): string => `orphan:${chargeId}`;

/** The refund that a key was made for; none when it is not one of ours. */
export const refundOfKey = (key: string): string | undefined => /^refund:([0-9a-f-]{36})$/.exec(key)?.[1];

/** The attempt that a key was made for; none when it is not one of ours. */
export function attemptOfKey(key: string): { paymentId: string; number: number } | undefined {
  const [, paymentId, number] = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):([1-9]\d{0,2})$/.exec(key) ?? [];
  return paymentId && number ? { paymentId, number: Number(number) } : undefined;
}

/** The order that a key is: how a provider that does not keep our keys tells of an order's charge. */
export const orderOfKey = (key: string): string | undefined => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key) ? key : undefined);

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** How long to wait before the provider is asked once more, after so many tries. */
export const pauseMs = (tries: number): number => Math.min(FIRST_PAUSE_MS * 2 ** Math.max(tries - 1, 0), LONGEST_PAUSE_MS);
