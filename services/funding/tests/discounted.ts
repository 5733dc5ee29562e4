// Backers who have a coupon and points, and what became of both.
import { until } from '@moa/testkit';
import type { DiscountPeers } from './discount-peers.js';
import { type Backer, backer, pledgeOf, sql } from './support.js';

export const discountsOf = (peers: DiscountPeers) => ({
  /** Somebody with a card, a coupon over 3,000 won, and 2,500 points. */
  async saver() {
    const who = await backer();
    peers.grant(who.id, 2_500n);
    return { ...who, couponId: peers.issue(who.id, 3_000n) };
  },
  /** Coupon and points of somebody, in one line. */
  has: (who: Backer & { couponId: string }) => `${peers.stateOf(who.couponId)} ${peers.balanceOf(who.id)}`,
  /** Waits until both are so. */
  comesTo: (who: Backer & { couponId: string }, have: string) =>
    until(async () => `${peers.stateOf(who.couponId)} ${peers.balanceOf(who.id)}` === have),
});

/** A pledge of 10,000 won, of which 3,000 are a coupon's and 2,500 points: the card is charged 4,500. */
export const discounted = (who: Backer & { couponId: string }, projectId: string, rewardId: string, more = {}) =>
  pledgeOf(who, projectId, rewardId, 1, { couponIds: [who.couponId], pointsMinor: 2_500n, ...more });

/** Nothing is owed to anybody any more. */
export const allSettled = () => until(async () => (await sql.query('SELECT FROM pledge_hold WHERE due_time IS NOT NULL')).rowCount === 0);

export async function holdsOf(backerId: string): Promise<string[]> {
  const { rows } = await sql.query('SELECT state FROM pledge_hold WHERE backer_id = $1 ORDER BY pledge_id', [backerId]);
  return rows.map(({ state }) => state);
}
