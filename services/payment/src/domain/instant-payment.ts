// The payment of an order: what is stored of it, and what may be asked of it.
import { fail } from '../errors.js';
import type { FeeTerms } from './ledger.js';
import type { Refund } from './payment.js';

/** What is not paid in money. */
export interface Discounts {
  readonly platformCouponMinor: bigint;
  readonly sellerCouponMinor: bigint;
  readonly pointsMinor: bigint;
}

export const sumOf = ({ platformCouponMinor, sellerCouponMinor, pointsMinor }: Discounts): bigint =>
  platformCouponMinor + sellerCouponMinor + pointsMinor;

/** What is sold of one seller. The price is what is paid, and the discounts. */
export interface Share extends Discounts {
  readonly sellerId: string;
  readonly paidMinor: bigint;
}

/** What the purchase service asks to be paid. */
export interface OrderToPay {
  readonly orderId: string;
  readonly payerId: string;
  readonly orderName: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly shares: readonly Share[];
  readonly returnUrl: string;
  readonly expireTime: Date;
}

export interface InstantPayment {
  readonly id: string;
  readonly orderId: string;
  readonly orderName: string;
  readonly payerId: string;
  readonly state:
    | 'CREATED'
    | 'AUTHENTICATING'
    | 'APPROVED'
    | 'FAILED'
    | 'CANCELED'
    | 'EXPIRED'
    | 'PARTIALLY_REFUNDED'
    | 'REFUNDED'
    | 'CHARGED_BACK';
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly refundedMinor: bigint;
  readonly returnUrl: string;
  readonly checkoutUrl: string | null;
  readonly createTime: Date;
  readonly expireTime: Date;
  readonly endTime: Date | null;
  readonly shares: readonly StoredShare[];
  readonly attempts: readonly Confirmation[];
  readonly refunds: readonly Refund[];
}

export interface StoredShare extends Share, FeeTerms {
  readonly refundedMinor: bigint;
}

export interface Confirmation {
  readonly number: number;
  readonly paymentKey: string;
  readonly state: 'UNKNOWN' | 'SUCCEEDED' | 'DECLINED';
  readonly providerChargeId: string | null;
  readonly declineCode: string | null;
  readonly createTime: Date;
  readonly settleTime: Date | null;
}

/** What a provider's refusal says when a payment key is not of the order, or not of its amount. */
export const PAYMENT_KEY_MISMATCH = 'payment_key_mismatch';

const DAY_MS = 86_400_000;
/** No buyer thinks longer. */
export const LONGEST_LIFETIME_MS = 7 * DAY_MS;
/** Confirmations of one payment, each with a payment key of its own. */
export const MOST_ATTEMPTS = 50;

/** Each seller once, and all shares together the amount; sorted by seller. */
export function checkOrder(order: OrderToPay, at: Date): OrderToPay {
  const { orderId, amountMinor, shares, expireTime } = order;
  checkSellers(shares);
  const paid = shares.reduce((sum, share) => sum + share.paidMinor, 0n);
  if (paid !== amountMinor || shares.some(({ paidMinor }) => paidMinor < 0n)) throw fail('SHARES_DO_NOT_ADD_UP', { orderId });
  const lifetimeMs = expireTime.getTime() - at.getTime();
  if (!(lifetimeMs > 0 && lifetimeMs <= LONGEST_LIFETIME_MS)) throw fail('EXPIRE_TIME_WRONG', { orderId });
  return { ...order, shares: shares.toSorted((left, right) => (left.sellerId < right.sellerId ? -1 : 1)) };
}

export interface RefundLine {
  readonly sellerId: string;
  readonly amountMinor: bigint;
  /** What comes back beside the money; undefined: in proportion to it. */
  readonly discounts: Discounts | undefined;
}

/** Each seller once, each with something to give back, and all lines together the amount. */
export function checkLines(lines: readonly RefundLine[], amountMinor: bigint): readonly RefundLine[] {
  checkSellers(lines);
  for (const { sellerId, amountMinor: money, discounts } of lines) {
    if (money === 0n && !(discounts && sumOf(discounts))) throw fail('REFUND_EMPTY', { sellerId });
  }
  if (lines.reduce((sum, line) => sum + line.amountMinor, 0n) !== amountMinor) throw fail('SHARES_DO_NOT_ADD_UP');
  return lines;
}

function checkSellers(of: readonly { readonly sellerId: string }[]): void {
  const seen = new Set<string>();
  for (const { sellerId } of of) {
    if (seen.has(sellerId)) throw fail('SELLER_TWICE', { sellerId });
    seen.add(sellerId);
  }
}

/** What came of the attempt with this key, for the one who made it: the payment, or why it is not paid. */
export function confirmedBy(paymentKey: string, payment: InstantPayment): InstantPayment {
  const attempt = payment.attempts.find((candidate) => candidate.paymentKey === paymentKey);
  if (attempt?.declineCode === PAYMENT_KEY_MISMATCH) throw fail('PAYMENT_KEY_MISMATCH');
  // What was approved too late is given back, so it is not paid.
  if (payment.state === 'CANCELED') throw fail('PAYMENT_CANCELED');
  if (payment.state === 'EXPIRED') throw fail('PAYMENT_EXPIRED');
  if (attempt?.state === 'DECLINED') throw fail('PAYMENT_DECLINED', { declineCode: attempt.declineCode ?? '' });
  return payment;
}

/** The provider's charge that money is given back of; undefined when it cost no money. Throws when it was not paid. */
export function approvedCharge({ orderId, amountMinor, attempts }: InstantPayment): string | undefined {
  if (amountMinor === 0n) return undefined;
  const chargeId = attempts.find(({ state }) => state === 'SUCCEEDED')?.providerChargeId;
  if (!chargeId) throw fail('PAYMENT_NOT_PAID', { orderId });
  return chargeId;
}
