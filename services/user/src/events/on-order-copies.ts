// Each event of an order says all of it but its lines: the copy takes the newest.

import { Order_State } from '@moa/contracts/purchase/v1/order';
import {
  OrderCanceled,
  OrderCompleted,
  OrderDelivered,
  OrderExpired,
  OrderPaid,
  OrderPlaced,
  OrderPrepared,
  OrderRefunded,
  OrderReturned,
  OrderShipped,
  ReturnDecided,
  ReturnRequested,
} from '@moa/contracts/purchase/v1/purchase_events';
import { type EventInfo, enumName, on, type Subscription, type Transaction } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { saveOrder } from '../store/order-copies.js';
import { saveReviewRight } from '../store/review-rights.js';

type OrderEvent = Pick<OrderPlaced, 'orderId' | 'buyerId' | 'state' | 'total' | 'refunded'> &
  Partial<Pick<OrderPlaced, 'name' | 'createTime'>>;

const save = (
  tx: Transaction<PrismaClient>,
  { orderId, buyerId, state, total, refunded, name, createTime }: OrderEvent,
  { version, time }: EventInfo,
) =>
  saveOrder(tx, {
    id: orderId,
    buyerId,
    name,
    state: enumName(Order_State, state, 'STATE_')!,
    currency: total!.currencyCode,
    totalMinor: total!.amountMinor,
    refundedMinor: refunded!.amountMinor,
    version,
    createTime: createTime ?? time,
  });

const PLAIN = [
  OrderPlaced,
  OrderPaid,
  OrderExpired,
  OrderCanceled,
  OrderPrepared,
  OrderShipped,
  OrderDelivered,
  ReturnRequested,
  ReturnDecided,
  OrderRefunded,
] as const;

export const onOrderCopies: Subscription<PrismaClient>[] = [
  ...PLAIN.map((type) => on<OrderEvent, PrismaClient>(type as typeof OrderPlaced, (event, tx, info) => save(tx, event, info))),
  ...([OrderCompleted, OrderReturned] as const).map((type) =>
    on<OrderCompleted, PrismaClient>(type as typeof OrderCompleted, async (event, tx, info) => {
      await save(tx, event, info);
      for (const { lineId, productId, title } of event.lines) {
        await saveReviewRight(tx, {
          subjectId: lineId,
          accountId: event.buyerId,
          kind: 'ORDER_LINE',
          itemId: productId,
          title,
          givenBack: type === (OrderReturned as unknown),
          version: info.version,
          since: info.time,
        });
      }
    }),
  ),
];
