import type { CouponHoldServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { crashPoint, type Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { commitHolder } from '../store/holders.js';

type CommitCoupons = Handler<typeof CouponHoldServiceDefinition.methods.commitCoupons>;

export const commitCoupons =
  ({ db }: Context): CommitCoupons =>
  async ({ holderId }, call) => {
    await commitHolder(db, call, holderId);
    crashPoint('coupon.committed');
    return {};
  };
