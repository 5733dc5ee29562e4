import { Coupon_State } from '@moa/contracts/coupon/v1/coupon';
import type { CouponServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { enumName, type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { couponToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listCoupons } from '../store/coupons.js';

type ListMyCoupons = Handler<typeof CouponServiceDefinition.methods.listMyCoupons>;

export const listMyCoupons =
  ({ db }: Context): ListMyCoupons =>
  async ({ state, pageSize, pageToken }, { caller }) => {
    const wanted = enumName(Coupon_State, state, 'STATE_') ?? 'ISSUED';
    const filter = [caller.accountId, wanted];
    const size = pageSizeOf(pageSize);
    const rows = await listCoupons(db.client, caller.accountId, wanted, readTimeToken(pageToken, filter), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ expireTime, id }) => [expireTime.toISOString(), id], filter);
    return { coupons: items.map(couponToProto), nextPageToken };
  };
