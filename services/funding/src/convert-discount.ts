// Coupon's contract -> domain.
import { Payer, type Quote } from '@moa/contracts/coupon/v1/coupon';
import type { Discount } from './domain/discount.js';

/** What each of the coupons takes off, and who pays for it. */
export function discountFrom({ discounts }: Quote, couponIds: readonly string[]): Omit<Discount, 'couponIds' | 'pointsMinor'> {
  const sum = (part: typeof discounts) => part.reduce((total, { discountMinor }) => total + discountMinor, 0n);
  return {
    couponDiscounts: couponIds.map((id) => sum(discounts.filter(({ couponId }) => couponId === id))),
    platformCouponMinor: sum(discounts.filter(({ payer }) => payer === Payer.PAYER_PLATFORM)),
    sellerCouponMinor: sum(discounts.filter(({ payer }) => payer === Payer.PAYER_SELLER)),
  };
}
