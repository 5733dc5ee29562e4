// Domain <-> contract: orders.
import * as proto from '@moa/contracts/purchase/v1/order';
import type { CheckoutItem, OrderForMyPage, SellerOrder } from '@moa/contracts/purchase/v1/order_service';
import type { Money } from '@moa/contracts/type/v1/money';
import type { Item, Order, OrderLine, ReturnRequest } from './domain/order.js';
import { isEnd } from './domain/order-state.js';
import type { ShownCheckout } from './store/checkouts.js';

export const money = (currencyCode: string, amountMinor: bigint): Money => ({ currencyCode, amountMinor });

export const itemFromProto = ({ variantId, quantity, price }: CheckoutItem): Item => ({
  variantId,
  quantity,
  priceMinor: price!.amountMinor,
  currency: price!.currencyCode,
});

export const orderToProto = (order: Order): proto.Order => ({
  id: order.id,
  buyerId: order.buyerId,
  state: proto.Order_State[`STATE_${order.state}`],
  name: order.name,
  lines: order.lines.map((line) => lineToProto(line, order.currency)),
  itemsTotal: money(order.currency, order.itemsMinor),
  discount: money(order.currency, order.discountMinor),
  pointsMinor: order.pointsMinor,
  total: money(order.currency, order.totalMinor),
  refunded: money(order.currency, order.refundedMinor),
  couponIds: [...order.couponIds],
  address: order.address ?? undefined,
  checkoutUrl: order.checkoutUrl ?? '',
  expireTime: order.expireTime,
  createTime: order.createTime,
  payTime: order.payTime ?? undefined,
  endTime: order.endTime ?? undefined,
  cancelReason: order.cancelReason,
  returns: order.returns.map(returnRequestToProto),
});

export const lineToProto = (line: OrderLine, currency: string): proto.OrderLine => ({
  id: line.id,
  productId: line.productId,
  variantId: line.variantId,
  sellerId: line.sellerId,
  title: line.title,
  optionValues: [...line.optionValues],
  imageUrl: line.imageUrl,
  quantity: line.quantity,
  price: money(currency, line.priceMinor),
  amount: money(currency, line.amountMinor),
  platformCouponMinor: line.platformCouponMinor,
  sellerCouponMinor: line.sellerCouponMinor,
  pointsMinor: line.pointsMinor,
  paidMinor: line.paidMinor,
  state: proto.Order_State[`STATE_${line.state}`],
  parcel: parcelOf(line),
  completeTime: line.completeTime ?? undefined,
});

const parcelOf = ({ carrier, trackingNumber, shipTime, deliveryTime }: OrderLine): proto.Parcel | undefined =>
  shipTime ? { carrier, trackingNumber, shipTime, deliveryTime: deliveryTime ?? undefined } : undefined;

/** As a seller of some of its lines sees it. */
export function sellerOrderToProto({ id, lines, returns, currency, address, payTime }: Order, sellerId: string): SellerOrder {
  const own = lines.filter((line) => line.sellerId === sellerId);
  return {
    orderId: id,
    lines: own.map((line) => lineToProto(line, currency)),
    // Known for as long as something is to be sent, or may come back.
    address: own.every(({ state }) => isEnd(state)) ? undefined : (address ?? undefined),
    payTime: payTime ?? undefined,
    returns: returns.filter((request) => request.sellerId === sellerId).map(returnRequestToProto),
  };
}

export const orderForMyPage = (order: Order): OrderForMyPage => ({
  id: order.id,
  buyerId: order.buyerId,
  name: order.name,
  state: proto.Order_State[`STATE_${order.state}`],
  total: money(order.currency, order.totalMinor),
  refunded: money(order.currency, order.refundedMinor),
  createTime: order.createTime,
  version: order.version,
  completedLines: order.lines
    .filter(({ state }) => state === 'COMPLETED')
    .map(({ id, productId, title, completeTime }) => ({ lineId: id, productId, title, completeTime: completeTime! })),
});

export const returnRequestToProto = ({ lineIds, state, decideTime, ...request }: ReturnRequest): proto.ReturnRequest => ({
  ...request,
  lineIds: [...lineIds],
  state: proto.ReturnRequest_State[`STATE_${state}`],
  decideTime: decideTime ?? undefined,
});

const STEPS = ['stock', 'coupons', 'points', 'payment'] as const;

export const checkoutToProto = (checkout: ShownCheckout): proto.Checkout => ({
  orderId: checkout.orderId,
  buyerId: checkout.order.buyerId,
  state: proto.Checkout_State[`STATE_${checkout.state}`],
  steps: STEPS.map((step) => ({
    name: proto.Checkout_Step_Name[`NAME_${step.toUpperCase() as Uppercase<typeof step>}`],
    progress: proto.Checkout_Step_Progress[`PROGRESS_${checkout[step]}`],
  })),
  lastError: checkout.lastError,
  failures: checkout.failures,
  nextTime: checkout.nextTime ?? undefined,
  createTime: checkout.createTime,
  updateTime: checkout.updateTime,
  resolution: checkout.resolution,
  undoReason: checkout.undoReason,
});
