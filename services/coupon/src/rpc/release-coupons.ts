import type { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { crashPoint, type Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { releaseHolder } from '../store/holders.js';

type ReleaseCoupons = Handler<typeof CouponHoldServiceDefinition.methods.releaseCoupons>;

export const releaseCoupons =
  ({ db }: Context): ReleaseCoupons =>
  async ({ holderId }, call) => {
    await releaseHolder(db, call, holderId);
    crashPoint('coupon.released');
    return {};
  };
