// Coupons and points of a pledge: what they may take off, what is owed to those who gave them, and what goes back when money does.
import { fail } from '../errors.js';
import type { Reward } from './plan.js';
import type { Line, PledgeState } from './pledge.js';

/** One point is worth one won. */
const POINTS_CURRENCY = 'KRW';

/** What is held elsewhere for a pledge, and takes off what the card is charged. */
export interface Discount {
  readonly couponIds: readonly string[];
  /** Of each coupon, in their order. */
  readonly couponDiscounts: readonly bigint[];
  readonly platformCouponMinor: bigint;
  readonly sellerCouponMinor: bigint;
  readonly pointsMinor: bigint;
}

export interface PricedLine {
  readonly rewardId: string;
  readonly amountMinor: bigint;
}

/** What each line costs. What a public project's rewards cost never changes. Throws REWARD_NOT_FOUND. */
export function priceLines(rewards: readonly Reward[], lines: readonly Line[]): PricedLine[] {
  return lines.map(({ rewardId, quantity }) => {
    const reward = rewards.find(({ id }) => id === rewardId);
    if (!reward) throw fail('REWARD_NOT_FOUND', { rewardId });
    return { rewardId, amountMinor: reward.priceMinor * BigInt(quantity) };
  });
}

/** Each coupon once, and on rewards. A gift on top is not discounted: somebody else would give it. */
export function checkCoupons(couponIds: readonly string[], lines: readonly Line[]): void {
  const twice = couponIds.find((id, index) => couponIds.indexOf(id) < index);
  if (twice) throw fail('COUPON_TWICE', { couponId: twice });
  if (couponIds.length > 0 && lines.length === 0) throw fail('COUPON_WITHOUT_REWARD');
}

/** Points pay for what is left to pay, and no more. */
export function checkPoints(pointsMinor: bigint, leftMinor: bigint, currency: string): void {
  if (pointsMinor > 0n && currency !== POINTS_CURRENCY) throw fail('CURRENCY_WRONG', { currency });
  if (pointsMinor > leftMinor) throw fail('POINTS_TOO_MANY', { left: leftMinor });
}

/** What funding has asked of others for a pledge, and what became of the pledge. */
export interface Hold {
  readonly pledgeId: string;
  /** REFUSED: the pledge did not come to be. */
  readonly state: 'PLACING' | 'HELD' | 'USED' | 'HOME' | 'REFUSED';
  readonly pledgeState: PledgeState | null;
  readonly couponIds: readonly string[];
  readonly couponDiscounts: readonly bigint[];
  readonly pointsMinor: bigint;
  /** What the card is charged. */
  readonly chargeMinor: bigint;
  /** Coupons and points have gone back for so much of the charge. */
  readonly returnedMinor: bigint;
  /** And are to go back for so much; null when nothing more is. */
  readonly returningMinor: bigint | null;
}

const ENDED_UNPAID: ReadonlySet<PledgeState> = new Set<PledgeState>(['CANCELED', 'RELEASED', 'DROPPED']);
const CAME_TO_PAYMENT: ReadonlySet<PledgeState> = new Set<PledgeState>(['PAID', 'REFUNDED', 'CHARGED_BACK']);

type Fate = Pick<Hold, 'state' | 'pledgeState'>;

/** Nothing of it will be used. */
export const owesRelease = ({ state, pledgeState }: Fate): boolean =>
  state === 'REFUSED' || (state === 'HELD' && pledgeState !== null && ENDED_UNPAID.has(pledgeState));

/** It was used, and nobody knows yet. */
export const owesUse = ({ state, pledgeState }: Fate): boolean =>
  state === 'HELD' && pledgeState !== null && CAME_TO_PAYMENT.has(pledgeState);

/** What goes back to those who gave it. */
export interface Return {
  /** Up to this much of the charge. */
  readonly toMinor: bigint;
  readonly inFull: boolean;
  readonly pointsMinor: bigint;
  /** Of each coupon, in their order. */
  readonly couponDiscounts: readonly bigint[];
}

/**
 * Coupons and points go back in the proportion in which the charge does: rounded as payment's ledger does, counted from the start, so that all returns
 * together are exactly what was used. Undefined when nothing is to go back.
 */
export function returnOf(hold: Omit<Hold, 'state' | 'pledgeState' | 'pledgeId' | 'couponIds'>): Return | undefined {
  const { chargeMinor, returnedMinor, returningMinor } = hold;
  if (returningMinor === null) return undefined;
  const inFull = returningMinor === chargeMinor;
  const share = (of: bigint, ofChargeMinor: bigint) =>
    chargeMinor === 0n ? 0n : (2n * of * ofChargeMinor + chargeMinor) / (2n * chargeMinor);
  const step = (of: bigint) => (inFull ? of : share(of, returningMinor)) - share(of, returnedMinor);
  return { toMinor: returningMinor, inFull, pointsMinor: step(hold.pointsMinor), couponDiscounts: hold.couponDiscounts.map(step) };
}
