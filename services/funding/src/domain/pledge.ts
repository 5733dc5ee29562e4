// A pledge: what a backer asks for, and how its charge goes on after the close.
import { fail } from '../errors.js';
import type { RefundRequest } from './fulfilment.js';

const SECOND_MS = 1_000;

/** How a refused charge is tried again, unless a project says otherwise. */
export const CHARGE_RETRIES = 7;
export const CHARGE_RETRY_SECONDS = 86_400;

export type PledgeState =
  | 'ACTIVE'
  | 'CHARGING'
  | 'PAID'
  | 'CANCELED'
  | 'PAYMENT_FAILED'
  | 'DROPPED'
  | 'REFUNDED'
  | 'RELEASED'
  | 'CHARGED_BACK';

export interface Line {
  readonly rewardId: string;
  readonly quantity: number;
}

export interface Address {
  readonly recipient: string;
  readonly phone: string;
  readonly postalCode: string;
  readonly line1: string;
  readonly line2: string;
}

/** What a backer wants to hold. */
export interface Order {
  readonly lines: readonly Line[];
  readonly extra: { readonly currencyCode: string; readonly amountMinor: bigint } | undefined;
}

export interface Pledge {
  readonly id: string;
  readonly projectId: string;
  readonly backerId: string;
  readonly state: PledgeState;
  readonly lines: readonly Line[];
  readonly currency: string;
  readonly extraMinor: bigint;
  /** The price, before coupons and points. */
  readonly totalMinor: bigint;
  readonly couponIds: readonly string[];
  readonly platformCouponMinor: bigint;
  readonly sellerCouponMinor: bigint;
  readonly pointsMinor: bigint;
  readonly refundedMinor: bigint;
  readonly billingMethodId: string;
  readonly address: Address | null;
  readonly chargeAttempts: number;
  readonly nextChargeTime: Date | null;
  /** Made after success. */
  readonly late: boolean;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly shipTime: Date | null;
  readonly deliveryTime: Date | null;
  /** The newest. */
  readonly refundRequest: RefundRequest | undefined;
  readonly version: bigint;
  readonly createTime: Date;
}

/** What coupons take off. */
export const discountOf = ({ platformCouponMinor, sellerCouponMinor }: Pick<Pledge, 'platformCouponMinor' | 'sellerCouponMinor'>): bigint =>
  platformCouponMinor + sellerCouponMinor;

/** What the card is charged. */
export const chargeOf = (pledge: Pick<Pledge, 'totalMinor' | 'platformCouponMinor' | 'sellerCouponMinor' | 'pointsMinor'>): bigint =>
  pledge.totalMinor - discountOf(pledge) - pledge.pointsMinor;

/** Each reward once; its quantity says how many. Throws REWARD_TWICE. */
export function checkOrder<O extends Order>(order: O): O {
  const seen = new Set<string>();
  for (const { rewardId } of order.lines) {
    if (seen.has(rewardId)) throw fail('REWARD_TWICE', { rewardId });
    seen.add(rewardId);
  }
  return order;
}

/** A backer sees his own pledges, and nobody else's. */
export function ownPledge(backerId: string, pledge: Pledge | undefined): Pledge {
  if (pledge?.backerId !== backerId) throw fail('PLEDGE_NOT_FOUND');
  return pledge;
}

const NEVER_SENT: ReadonlySet<PledgeState> = new Set<PledgeState>(['CANCELED', 'DROPPED', 'REFUNDED', 'RELEASED']);

/** A seller needs an address only as long as something may have to be sent. */
export const forSeller = (pledge: Pledge): Pledge => (NEVER_SENT.has(pledge.state) ? { ...pledge, address: null } : pledge);

/** What a step of the charge needs to know of a pledge. */
export interface Charge {
  readonly state: PledgeState;
  readonly chargeAttempts: number;
}

export interface RetryPolicy {
  readonly chargeRetries: number;
  readonly chargeRetrySeconds: number;
}

export interface ChargeStep {
  readonly state: PledgeState;
  readonly nextChargeTime: Date | null;
  /** Undefined: as before. */
  readonly refundedMinor?: bigint;
}

// Payment's events may come late and in another order. Each step says what an event changes, or undefined: nothing any more.

const IN_CHARGE: ReadonlySet<PledgeState> = new Set<PledgeState>(['CHARGING', 'PAYMENT_FAILED']);

/** The money has come: whichever attempt brought it. */
export const paid = ({ state }: Charge): ChargeStep | undefined =>
  IN_CHARGE.has(state) ? { state: 'PAID', nextChargeTime: null } : undefined;

/** An attempt was refused: tried again, or dropped after the last. What is told of an earlier attempt is old news. */
export function refused({ state, chargeAttempts }: Charge, attempt: number, policy: RetryPolicy, at: Date): ChargeStep | undefined {
  if (state !== 'CHARGING' || attempt < chargeAttempts) return undefined;
  if (attempt > chargeAttempts) throw new Error(`attempt ${attempt} was refused, but ${chargeAttempts} were begun`);
  if (attempt > policy.chargeRetries) return { state: 'DROPPED', nextChargeTime: null };
  return { state: 'PAYMENT_FAILED', nextChargeTime: new Date(at.getTime() + policy.chargeRetrySeconds * SECOND_MS) };
}

/** What may be given back: also before its coming was told. */
const WITH_MONEY: ReadonlySet<PledgeState> = new Set<PledgeState>(['PAID', ...IN_CHARGE]);

/** So much of the charge has gone back by now. What was told later, of more, counts. When nothing was charged, all of it goes back at once. */
export function refunded({ state, chargeMinor, refundedMinor }: Charge & Refundable, soFarMinor: bigint): ChargeStep | undefined {
  if (!WITH_MONEY.has(state) || (soFarMinor <= refundedMinor && chargeMinor > 0n)) return undefined;
  return { state: soFarMinor === chargeMinor ? 'REFUNDED' : 'PAID', nextChargeTime: null, refundedMinor: soFarMinor };
}

/** The payer's bank has taken back what was left. */
export const chargedBack = ({ state }: Charge): ChargeStep | undefined =>
  WITH_MONEY.has(state) ? { state: 'CHARGED_BACK', nextChargeTime: null } : undefined;

interface Refundable {
  readonly chargeMinor: bigint;
  readonly refundedMinor: bigint;
}

/** Throws PLEDGE_NOT_PAID. How much of it may be given back is payment's to say. */
export function checkRefundable({ state }: Pick<Pledge, 'state'>): void {
  if (state !== 'PAID' && state !== 'REFUNDED') throw fail('PLEDGE_NOT_PAID', { state });
}
