import type { CouponServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { crashPoint, type Handler } from '@moa/kit';
import { couponToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findCoupon } from '../store/coupons.js';

type ClaimCoupon = Handler<typeof CouponServiceDefinition.methods.claimCoupon>;

export const claimCoupon =
  ({ db, door, claim }: Context): ClaimCoupon =>
  async ({ campaignId }, call) => {
    const { accountId } = call.caller;
    const { requestId } = call.claim;
    const verdict = await door.enter(campaignId, accountId, requestId);
    if (verdict === 'ALREADY_CLAIMED' || verdict === 'CAMPAIGN_EXHAUSTED') throw fail(verdict, { campaignId });
    crashPoint('coupon.claim.entered');
    try {
      const couponId = await claim({ call, campaignId });
      crashPoint('coupon.claim.committed');
      door.owns(campaignId, accountId, requestId);
      return { coupon: couponToProto(await findCoupon(db.client, couponId)) };
    } catch (error) {
      if (verdict === 'IN') door.leave(campaignId, accountId, requestId);
      throw error;
    }
  };
