import type { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import type { Handler } from '@moa/kit';
import { couponForMyPage } from '../convert.js';
import type { Context } from '../service.js';
import { listAllCoupons } from '../store/coupons.js';

type ListCouponsForMyPage = Handler<typeof CouponHoldServiceDefinition.methods.listCouponsForMyPage>;

const BATCH = 1000;

export const listCouponsForMyPage =
  ({ db }: Context): ListCouponsForMyPage =>
  async ({ afterId }) => ({ coupons: (await listAllCoupons(db.client, afterId || undefined, BATCH)).map(couponForMyPage) });
