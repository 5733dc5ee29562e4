/** A coupon's states, as in coupon. */
export type CouponState = 'ISSUED' | 'RESERVED' | 'USED' | 'EXPIRED' | 'REVOKED';
