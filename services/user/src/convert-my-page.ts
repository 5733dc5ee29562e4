// My Page's copies as the contract shows them.
import { Coupon_State } from '@moa/contracts/coupon/v1/coupon';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import { type Rebuild, Rebuild_Step } from '@moa/contracts/user/v1/my_page_admin_service';
import * as proto from '@moa/contracts/user/v1/user';
import type { KeptRecord } from './domain/closing.js';
import type { MyPageRebuild } from './generated/client.js';
import type { ActivityOfPerson } from './store/activities.js';
import type { CouponsOfPerson } from './store/coupon-copies.js';
import type { OrdersOfPerson } from './store/order-copies.js';
import type { ReviewsOfPerson } from './store/review-rights.js';

const money = (currencyCode: string, amountMinor: bigint) => ({ currencyCode, amountMinor });

export const ordersToProto = ({ totalCount, liveCount, newest }: OrdersOfPerson): proto.OrderSection => ({
  totalCount,
  liveCount,
  newest: newest.map(({ id, name, state, currency, totalMinor, refundedMinor, createTime }) => ({
    orderId: id,
    name,
    state: Order_State[`STATE_${state}`],
    total: money(currency, totalMinor),
    refunded: money(currency, refundedMinor),
    createTime,
  })),
});

export const couponsToProto = ({ usableCount, expiringCount, newest }: CouponsOfPerson): proto.CouponSection => ({
  usableCount,
  expiringCount,
  newest: newest.map(({ id, campaignId, name, state, issueTime, expireTime }) => ({
    couponId: id,
    campaignId,
    name,
    state: Coupon_State[`STATE_${state}`],
    issueTime,
    expireTime: expireTime ?? undefined,
  })),
});

export const reviewsToProto = ({ toWriteCount, newest }: ReviewsOfPerson): proto.ReviewSection => ({
  toWriteCount,
  newest: newest.map(({ kind, ...review }) => ({ ...review, kind: proto.ReviewToWrite_Kind[`KIND_${kind}`] })),
});

export const activityToProto = ({ kind, subjectId, title, currency, amountMinor, time }: ActivityOfPerson): proto.Activity => ({
  kind: proto.Activity_Kind[`KIND_${kind}`],
  subjectId,
  title,
  amount: currency === null || amountMinor === null ? undefined : money(currency, amountMinor),
  time,
});

export const keptToProto = ({ kind, reason, until }: KeptRecord): proto.KeptRecord => ({
  kind: proto.KeptRecord_Kind[`KIND_${kind}`],
  reason,
  until,
});

export const rebuildToProto = ({ step, leaseTime: _, endTime, ...rebuild }: MyPageRebuild): Rebuild => ({
  ...rebuild,
  step: Rebuild_Step[`STEP_${step as 'STREAMS' | 'OWNERS' | 'DONE'}`],
  endTime: endTime ?? undefined,
});
