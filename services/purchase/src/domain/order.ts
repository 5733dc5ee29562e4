// Orders, and how what is taken off them is divided.
import { fail } from '../errors.js';

export type OrderState =
  | 'PENDING'
  | 'AWAITING_PAYMENT'
  | 'PAID'
  | 'PREPARING'
  | 'SHIPPED'
  | 'DELIVERED'
  | 'COMPLETED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'RETURN_REQUESTED'
  | 'RETURNED';

export interface Address {
  readonly recipient: string;
  readonly phone: string;
  readonly postalCode: string;
  readonly line1: string;
  readonly line2: string;
}

/** So many of a variant. amount = coupons + points + paid. */
export interface OrderLine {
  readonly id: string;
  readonly orderId: string;
  readonly productId: string;
  readonly variantId: string;
  readonly sellerId: string;
  readonly title: string;
  readonly optionValues: readonly string[];
  readonly imageUrl: string;
  readonly category: string;
  readonly quantity: number;
  readonly priceMinor: bigint;
  readonly amountMinor: bigint;
  readonly platformCouponMinor: bigint;
  readonly sellerCouponMinor: bigint;
  readonly pointsMinor: bigint;
  readonly paidMinor: bigint;
  readonly state: OrderState;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly shipTime: Date | null;
  readonly deliveryTime: Date | null;
  readonly completeTime: Date | null;
}

export interface Order {
  readonly id: string;
  readonly buyerId: string;
  readonly state: OrderState;
  readonly name: string;
  readonly currency: string;
  readonly itemsMinor: bigint;
  readonly discountMinor: bigint;
  readonly pointsMinor: bigint;
  readonly totalMinor: bigint;
  readonly refundedMinor: bigint;
  readonly couponIds: readonly string[];
  readonly address: Address | null;
  readonly returnUrl: string;
  readonly checkoutUrl: string | null;
  readonly cancelReason: string;
  /** Everything it needs was held once: its buyer sees it. */
  readonly placed: boolean;
  /** The payer's bank took the money back. */
  readonly chargedBack: boolean;
  readonly version: bigint;
  readonly expireTime: Date;
  readonly createTime: Date;
  readonly payTime: Date | null;
  readonly endTime: Date | null;
  readonly lines: readonly OrderLine[];
  /** Oldest first. */
  readonly returns: readonly ReturnRequest[];
}

/** A buyer's wish to give lines of one seller back. */
export interface ReturnRequest {
  readonly id: string;
  readonly orderId: string;
  readonly sellerId: string;
  readonly lineIds: readonly string[];
  readonly reason: string;
  readonly state: 'OPEN' | 'APPROVED' | 'REJECTED';
  readonly rejectionReason: string;
  readonly createTime: Date;
  readonly decideTime: Date | null;
}

/** The order, if it is this buyer's. Throws ORDER_NOT_FOUND; also for one that came to nothing before its buyer saw it. */
export function ownedBy(buyerId: string, order: Order | undefined): Order {
  if (order?.buyerId !== buyerId || !order.placed) throw fail('ORDER_NOT_FOUND');
  return order;
}

export interface Item {
  readonly variantId: string;
  readonly quantity: number;
  readonly priceMinor: bigint;
  readonly currency: string;
}

/** Throws VARIANT_TWICE: what is wanted of a variant stands in one line. */
export function checkItems(items: readonly Item[]): readonly Item[] {
  const seen = new Set<string>();
  for (const { variantId } of items) {
    if (seen.has(variantId)) throw fail('VARIANT_TWICE', { variantId });
    seen.add(variantId);
  }
  return items;
}

type Priced = Pick<
  OrderLine,
  'id' | 'sellerId' | 'amountMinor' | 'platformCouponMinor' | 'sellerCouponMinor' | 'pointsMinor' | 'paidMinor'
>;

/** What a coupon takes off a line. */
export interface LineDiscount {
  readonly lineId: string;
  readonly couponId: string;
  readonly payer: 'PLATFORM' | 'SELLER';
  readonly discountMinor: bigint;
}

/** The lines with what coupons and points take off them. Throws POINTS_TOO_MANY when more points are given than are left to pay. */
export function discounted<L extends Priced>(lines: readonly L[], discounts: readonly LineDiscount[], pointsMinor: bigint): L[] {
  const afterCoupons = lines.map((line) => {
    const of = (payer: LineDiscount['payer']) =>
      sum(
        discounts.filter((discount) => discount.lineId === line.id && discount.payer === payer).map(({ discountMinor }) => discountMinor),
      );
    const [platformCouponMinor, sellerCouponMinor] = [of('PLATFORM'), of('SELLER')];
    return { ...line, platformCouponMinor, sellerCouponMinor, paidMinor: line.amountMinor - platformCouponMinor - sellerCouponMinor };
  });
  const left = sum(afterCoupons.map(({ paidMinor }) => paidMinor));
  if (pointsMinor > left) throw fail('POINTS_TOO_MANY', { leftMinor: left });
  // Spread by what is left of each line; rounded together, so that the parts are the whole.
  let passed = 0n;
  return afterCoupons.map((line) => {
    const before = left === 0n ? 0n : (pointsMinor * passed) / left;
    passed += line.paidMinor;
    const part = left === 0n ? 0n : (pointsMinor * passed) / left - before;
    return { ...line, pointsMinor: part, paidMinor: line.paidMinor - part };
  });
}

export interface SellerPart {
  readonly sellerId: string;
  readonly amountMinor: bigint;
  readonly platformCouponMinor: bigint;
  readonly sellerCouponMinor: bigint;
  readonly pointsMinor: bigint;
}

/** What is sold of each seller, as payment divides it; in the order of the sellers' first lines. */
export function partsOf(lines: readonly Priced[]): SellerPart[] {
  const sellers = [...new Set(lines.map(({ sellerId }) => sellerId))];
  return sellers.map((sellerId) => {
    const own = lines.filter((line) => line.sellerId === sellerId);
    return {
      sellerId,
      amountMinor: sum(own.map((line) => line.amountMinor)),
      platformCouponMinor: sum(own.map((line) => line.platformCouponMinor)),
      sellerCouponMinor: sum(own.map((line) => line.sellerCouponMinor)),
      pointsMinor: sum(own.map((line) => line.pointsMinor)),
    };
  });
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);
