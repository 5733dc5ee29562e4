// A pledge with coupons or points: they are held elsewhere first, for the id that the pledge will have, and then it is placed like any other.
import { Flow } from '@moa/contracts/coupon/v1/coupon';
import { type Call, crashPoint, isOutage, requestIdOf } from '@moa/kit';
import { discountFrom } from './convert-discount.js';
import { checkCoupons, checkPoints, type Discount, priceLines } from './domain/discount.js';
import type { Pledge } from './domain/pledge.js';
import { visibleTo } from './domain/project.js';
import { release } from './release.js';
import type { Context } from './service.js';
import { openHold, refuseHold } from './store/holds.js';
import type { NewPledge } from './store/pledge-writes.js';
import { findPledge } from './store/pledges.js';
import { findProject } from './store/projects.js';

export interface DiscountedOrder extends NewPledge {
  readonly couponIds: readonly string[];
  readonly pointsMinor: bigint;
}

/** Each step may be done again by whoever takes the request up: the holder is the same, and holds once. */
export async function placeDiscounted(context: Context, order: DiscountedOrder, call: Call): Promise<Pledge> {
  checkCoupons(order.couponIds, order.lines);
  const { pledgeId, state } = await openHold(context.db, call, order.couponIds, order.pointsMinor);
  // It was placed, and nobody lived to say so.
  if (state !== 'PLACING') return (await findPledge(context.db.client, pledgeId))!;
  crashPoint('funding.hold.opened');
  try {
    const discount = await hold(context, pledgeId, order, call);
    const pledge = await context.placePledge({ call, order, held: { ...discount, pledgeId } });
    crashPoint('funding.hold.placed');
    return pledge;
  } catch (error) {
    // After an outage the same request goes on with the same holder. If it never comes, the job gives everything back.
    if (!isOutage(error)) await giveUp(context, pledgeId, order, call);
    throw error;
  }
}

/** Holds all that was named, or throws the reason of whoever refused. */
async function hold({ db, coupons, points }: Context, holderId: string, order: DiscountedOrder, call: Call): Promise<Discount> {
  const { couponIds, pointsMinor } = order;
  const ownerId = call.caller.accountId;
  const project = visibleTo(undefined, await findProject(db.client, order.projectId));
  const lines = priceLines(project.rewards, order.lines);
  const priceMinor = lines.reduce((sum, { amountMinor }) => sum + amountMinor, order.extra?.amountMinor ?? 0n);
  checkPoints(pointsMinor, priceMinor, project.currency);

  let discount: Discount = { couponIds, couponDiscounts: [], platformCouponMinor: 0n, sellerCouponMinor: 0n, pointsMinor };
  if (couponIds.length > 0) {
    const { quote } = await coupons.reserveCoupons(
      {
        requestId: requestIdOf(`reserve-coupons:${holderId}`),
        holderId,
        flow: Flow.FLOW_FUNDING,
        ownerId,
        couponIds: [...couponIds],
        lines: lines.map(({ rewardId, amountMinor }) => ({
          lineId: rewardId,
          itemId: project.id,
          sellerId: project.sellerId,
          category: project.category,
          amountMinor,
        })),
        currencyCode: project.currency,
        // Held for as long as the project runs.
        expireTime: undefined,
      },
      call,
    );
    crashPoint('funding.hold.coupons');
    discount = { ...discountFrom(quote!, couponIds), couponIds, pointsMinor };
  }
  if (pointsMinor > 0n) {
    checkPoints(pointsMinor, priceMinor - discount.platformCouponMinor - discount.sellerCouponMinor, project.currency);
    const asked = { requestId: requestIdOf(`hold-points:${holderId}`), holderId, accountId: ownerId, amountMinor: pointsMinor };
    await points.holdPoints({ ...asked, expireTime: undefined }, call);
    crashPoint('funding.hold.points');
  }
  return discount;
}

// The backer may use what was held at once, unless the others cannot be reached just now: then the job goes on.
async function giveUp(context: Context, pledgeId: string, order: DiscountedOrder, call: Call): Promise<void> {
  try {
    if (!(await refuseHold(context.db, call, pledgeId))) return;
    crashPoint('funding.hold.refused');
    await release(context, { ...order, pledgeId, state: 'REFUSED' }, call);
  } catch {
    // It is owed, and written down.
  }
}
