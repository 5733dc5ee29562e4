import { crashPoint, type Host, isOutage, type JobRun, type Origin, requestIdOf } from '@moa/kit';
import { type Hold, owesRelease, owesUse, type Return, returnOf } from '../domain/discount.js';
import { release } from '../release.js';
import type { Context } from '../service.js';
import { type DueHold, endLease, leaseHolds, markReturned, markUsed } from '../store/holds.js';

const BATCH = 50;
const AT_ONCE = 8;
// Not shorter than all that is asked for one hold may take.
const LEASE_MS = 15_000;

/**
 * Coupons and points learn what became of their pledge: given back when it ended without a payment or never came to be, used when it was paid, and
 * returned as its money is. Asked again until it is done; what is asked twice is done once.
 */
export const sendHome =
  (context: Context, { clock, log }: Pick<Host, 'clock' | 'log'>) =>
  async (run: JobRun) => {
    for (;;) {
      if (run.signal.aborted) return;
      const now: Origin = { at: clock.now(), trace: run.trace };
      const due = await leaseHolds(context.db, now, BATCH, LEASE_MS);
      if (due.length === 0) return;
      crashPoint('funding.home.leased');
      const left = [...due];
      const work = async () => {
        for (let hold = left.shift(); hold && !run.signal.aborted; hold = left.shift()) await send(context, now, hold, log);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    }
  };

async function send(context: Context, origin: Origin, hold: DueHold, log: Host['log']): Promise<void> {
  const { db } = context;
  try {
    if (owesRelease(hold)) return await release(context, hold, origin);
    if (owesUse(hold)) {
      await use(context, hold, origin);
      await markUsed(db, hold.pledgeId);
    }
    const back = returnOf(hold);
    if (back) {
      await giveBack(context, hold, back, origin);
      return await markReturned(db, hold.pledgeId, back);
    }
    await endLease(db, hold);
  } catch (error) {
    // It is tried again when its lease is over. What is refused for good is somebody's to look at.
    if (!isOutage(error)) log.error({ pledge: hold.pledgeId, err: error }, 'coupons or points of a pledge are not settled');
  }
}

async function use({ coupons, points }: Context, { pledgeId: holderId, couponIds, pointsMinor }: Hold, origin: Origin): Promise<void> {
  if (couponIds.length > 0) await coupons.commitCoupons({ requestId: requestIdOf(`commit-coupons:${holderId}`), holderId }, origin);
  crashPoint('funding.home.coupons-used');
  if (pointsMinor > 0n) {
    const { spentMinor } = await points.capturePoints({ requestId: requestIdOf(`capture-points:${holderId}`), holderId }, origin);
    if (spentMinor !== pointsMinor) throw new Error(`${pointsMinor} points were held, and ${spentMinor} are spent`);
  }
  crashPoint('funding.home.used');
}

async function giveBack(
  { coupons, points }: Context,
  { pledgeId: holderId, couponIds }: Hold,
  { toMinor, inFull, pointsMinor, couponDiscounts }: Return,
  origin: Origin,
): Promise<void> {
  if (pointsMinor > 0n) {
    await points.returnPoints(
      { requestId: requestIdOf(`return-points:${holderId}:${toMinor}`), holderId, amountMinor: pointsMinor },
      origin,
    );
  }
  crashPoint('funding.home.points-returned');
  if (couponIds.length > 0) {
    const discounts = couponIds.map((couponId, index) => ({ couponId, discountMinor: couponDiscounts[index]! }));
    await coupons.returnCoupons({ requestId: requestIdOf(`return-coupons:${holderId}:${toMinor}`), holderId, discounts, inFull }, origin);
  }
  crashPoint('funding.home.returned');
}
