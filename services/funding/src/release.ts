// Gives back what is held for a pledge that is not paid.
import { crashPoint, type Origin, requestIdOf } from '@moa/kit';
import type { Hold } from './domain/discount.js';
import type { Context } from './service.js';
import { endRelease } from './store/holds.js';

/** In reverse: what was held last goes first. The same holder as often as it takes. */
export async function release(
  { db, coupons, points }: Context,
  hold: Pick<Hold, 'pledgeId' | 'state' | 'couponIds' | 'pointsMinor'>,
  origin: Origin,
): Promise<void> {
  const { pledgeId: holderId } = hold;
  if (hold.pointsMinor > 0n) await points.releasePoints({ requestId: requestIdOf(`release-points:${holderId}`), holderId }, origin);
  crashPoint('funding.home.points-released');
  if (hold.couponIds.length > 0) await coupons.releaseCoupons({ requestId: requestIdOf(`release-coupons:${holderId}`), holderId }, origin);
  crashPoint('funding.home.released');
  await endRelease(db, hold);
}
