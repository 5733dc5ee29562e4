// What is told of the steps of an order.
import type { MessageType } from '@moa/contracts/method';
import { Order_State, type OrderedLine } from '@moa/contracts/purchase/v1/order';
import {
  OrderCanceled,
  OrderCompleted,
  OrderDelivered,
  OrderPrepared,
  OrderReturned,
  OrderShipped,
  ReturnDecided,
  ReturnRequested,
} from '@moa/contracts/purchase/v1/purchase_events';
import { emit, type Origin } from '@moa/kit';
import { money } from './convert.js';
import type { Step } from './domain/fulfilment.js';
import type { Order, OrderLine } from './domain/order.js';

/** Puts an event into the outbox, with the version that the order has by it. */
export type EmitAs = (tx: object, origin: Origin, version: bigint) => Promise<void>;

/** Of an order as it is after the step; its lines as they were before. */
export function eventsOf(order: Order, { what, moved, asked, decided = [] }: Step, at: Date): EmitAs[] {
  const told = factsOf(order);
  const lines = moved.map(({ line }) => line);
  const lineIds = lines.map(({ id }) => id);
  const decisions = decided.map(({ id, state }) => event(ReturnDecided, { ...told, returnRequestId: id, approved: state === 'APPROVED' }));
  switch (what) {
    case 'canceled':
      return [event(OrderCanceled, { ...told, lineIds })];
    case 'prepared':
      return [event(OrderPrepared, { ...told, lineIds })];
    case 'shipped':
      return [event(OrderShipped, { ...told, lineIds, shipTime: lines[0]!.shipTime ?? at })];
    case 'delivered':
      return [event(OrderDelivered, { ...told, lineIds, deliveryTime: at })];
    case 'completed':
      return [event(OrderCompleted, { ...told, lines: lines.map((line) => orderedLine(line, order.currency)), completeTime: at })];
    case 'return-requested':
      return [event(ReturnRequested, { ...told, returnRequestId: asked!.id, sellerId: asked!.sellerId, lineIds })];
    case 'returned':
      return [...decisions, event(OrderReturned, { ...told, lines: lines.map((line) => orderedLine(line, order.currency)) })];
    case 'rejected':
      return decisions;
  }
}

// What every event of an order says.
const factsOf = ({ id, buyerId, state, currency, totalMinor, refundedMinor }: Order) => ({
  orderId: id,
  buyerId,
  state: Order_State[`STATE_${state}`],
  total: money(currency, totalMinor),
  refunded: money(currency, refundedMinor),
});

const orderedLine = (line: OrderLine, currency: string): OrderedLine => ({
  lineId: line.id,
  productId: line.productId,
  variantId: line.variantId,
  sellerId: line.sellerId,
  quantity: line.quantity,
  title: line.title,
  paid: money(currency, line.paidMinor),
  pointsMinor: line.pointsMinor,
  completed: line.completeTime !== null,
});

const event =
  <T>(type: MessageType<T> & { readonly $type: string }, body: T): EmitAs =>
  (tx, origin, version) =>
    emit(tx, origin, type, body, { version });
