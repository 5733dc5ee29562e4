import { type CouponServiceDefinition, RedeemCodeResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { couponToProto } from '../convert.js';
import { normalCode } from '../domain/campaign.js';
import type { Context } from '../service.js';
import { findCoupon } from '../store/coupons.js';
import { redeemCode as redeem } from '../store/issue.js';

type RedeemCode = Handler<typeof CouponServiceDefinition.methods.redeemCode>;

export const redeemCode =
  ({ db }: Context): RedeemCode =>
  ({ code }, call) =>
    once(db, call, RedeemCodeResponse, async (tx) => {
      const couponId = await redeem(tx, call, call.caller.accountId, normalCode(code));
      return { coupon: couponToProto(await findCoupon(tx, couponId)) };
    });
