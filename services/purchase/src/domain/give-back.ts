// What is to be given back for lines that were taken back: money, points and coupons, in this order.
export type GiveBackStep = 'payment' | 'points' | 'coupons';
type Progress = 'OPEN' | 'DONE';

export interface GiveBack {
  readonly id: string;
  readonly orderId: string;
  readonly reason: string;
  readonly currency: string;
  readonly paidMinor: bigint;
  readonly pointsMinor: bigint;
  /** Each seller once; together they are the whole. */
  readonly parts: readonly {
    readonly sellerId: string;
    readonly paidMinor: bigint;
    readonly platformCouponMinor: bigint;
    readonly sellerCouponMinor: bigint;
    readonly pointsMinor: bigint;
  }[];
  readonly discounts: readonly { readonly couponId: string; readonly discountMinor: bigint }[];
  /** Nothing of the order is left. */
  readonly inFull: boolean;
  readonly payment: Progress;
  readonly points: Progress;
  readonly coupons: Progress;
}
