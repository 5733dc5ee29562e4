import { type CouponAdminServiceDefinition, GrantCouponResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { couponToProto } from '../convert.js';
import type { Context } from '../service.js';
import { issueCoupon } from '../store/coupons.js';

type GrantCoupon = Handler<typeof CouponAdminServiceDefinition.methods.grantCoupon>;

export const grantCoupon =
  ({ db }: Context): GrantCoupon =>
  ({ campaignId, accountId }, call) =>
    once(db, call, GrantCouponResponse, async (tx) => ({
      coupon: couponToProto(await issueCoupon(tx, call, campaignId, accountId, 'GRANT')),
    }));
