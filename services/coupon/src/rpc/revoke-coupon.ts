import { type CouponAdminServiceDefinition, RevokeCouponResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { couponToProto } from '../convert.js';
import type { Context } from '../service.js';
import { revokeCoupon as revoke } from '../store/coupons.js';

type RevokeCoupon = Handler<typeof CouponAdminServiceDefinition.methods.revokeCoupon>;

export const revokeCoupon =
  ({ db, door }: Context): RevokeCoupon =>
  async ({ id }, call) => {
    const response = await once(db, call, RevokeCouponResponse, async (tx) => ({ coupon: couponToProto(await revoke(tx, call, id)) }));
    await door.forget(response.coupon!.campaignId);
    return response;
  };
