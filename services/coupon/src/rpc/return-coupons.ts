import { type CouponHoldServiceDefinition, ReturnCouponsResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import type { Context } from '../service.js';
import { returnDiscounts } from '../store/holders.js';

type ReturnCoupons = Handler<typeof CouponHoldServiceDefinition.methods.returnCoupons>;

export const returnCoupons =
  ({ db }: Context): ReturnCoupons =>
  ({ holderId, discounts, inFull }, call) =>
    once(db, call, ReturnCouponsResponse, async (tx) => {
      await returnDiscounts(tx, call, holderId, discounts, inFull);
      return {};
    });
