// What coupons are asked, and what they answer.
import { type DiscountableLine, Flow, Payer, type Quote } from '@moa/contracts/coupon/v1/coupon';
import type { LineDiscount, OrderLine } from './domain/order.js';

export const flowOfOrders = Flow.FLOW_INSTANT;

export const linesToDiscount = (lines: readonly OrderLine[]): DiscountableLine[] =>
  lines.map(({ id, productId, sellerId, category, amountMinor }) => ({ lineId: id, itemId: productId, sellerId, category, amountMinor }));

export const discountsOf = ({ discounts }: Quote): LineDiscount[] =>
  discounts.map(({ payer, ...discount }) => ({ ...discount, payer: payer === Payer.PAYER_SELLER ? 'SELLER' : 'PLATFORM' }));
