// Each event of a coupon says what it is from then on: the copy takes the newest.
import {
  CouponExpired,
  CouponGranted,
  CouponReleased,
  CouponReserved,
  CouponRevoked,
  CouponUsed,
} from '@moa/contracts/coupon/v1/coupon_events';
import { on, type Subscription } from '@moa/kit';
import type { CouponState } from '../domain/coupon.js';
import type { PrismaClient } from '../generated/client.js';
import { saveCoupon } from '../store/coupon-copies.js';

/** What the coupon is after each event. */
const STATES = [
  [CouponGranted, 'ISSUED'],
  [CouponReserved, 'RESERVED'],
  [CouponUsed, 'USED'],
  [CouponReleased, 'ISSUED'],
  [CouponExpired, 'EXPIRED'],
  [CouponRevoked, 'REVOKED'],
] as const;

type CouponEvent = Pick<CouponGranted, 'couponId' | 'campaignId' | 'ownerId'> &
  Partial<Pick<CouponGranted, 'name' | 'issueTime' | 'expireTime'>>;

const subscription = (type: (typeof STATES)[number][0], state: CouponState): Subscription<PrismaClient> =>
  on<CouponEvent, PrismaClient>(
    type as typeof CouponGranted,
    ({ couponId, campaignId, ownerId, name, issueTime, expireTime }, tx, { version, time }) =>
      saveCoupon(tx, { id: couponId, ownerId, campaignId, name, state, version, issueTime: issueTime ?? time, expireTime }),
  );

export const onCouponEvents: Subscription<PrismaClient>[] = STATES.map(([type, state]) => subscription(type, state));
