// Steps of orders that somebody asks for, once for each request; with what they answer.
import type { MessageType } from '@moa/contracts/method';
import type * as proto from '@moa/contracts/purchase/v1/order';
import type { SellerOrder } from '@moa/contracts/purchase/v1/order_service';
import { type Call, once } from '@moa/kit';
import { orderToProto, sellerOrderToProto } from '../convert.js';
import { linesOfSeller, type Step } from '../domain/fulfilment.js';
import { type Order, type OrderLine, ownedBy } from '../domain/order.js';
import type { Context } from '../service.js';
import { changeOrder } from '../store/order-steps.js';

/** A step of one's own order. */
export const changeOwnOrder = (
  { db }: Context,
  call: Call,
  type: MessageType<{ order: proto.Order | undefined }>,
  id: string,
  decide: (order: Order) => Step,
) =>
  once(db, call, type, async (tx) => {
    const changed = await changeOrder(tx, call, id, (found) => {
      const order = ownedBy(call.caller.accountId, found);
      return { order, step: decide(order) };
    });
    return { order: orderToProto(changed!) };
  });

/** A step of one's own lines in somebody's order. */
export const changeSoldOrder = (
  { db }: Context,
  call: Call,
  type: MessageType<{ order: SellerOrder | undefined }>,
  id: string,
  decide: (order: Order, own: readonly OrderLine[]) => Step,
) =>
  once(db, call, type, async (tx) => {
    const sellerId = call.caller.accountId;
    const changed = await changeOrder(tx, call, id, (order) => {
      const own = linesOfSeller(order, sellerId);
      return { order: order!, step: decide(order!, own) };
    });
    return { order: sellerOrderToProto(changed!, sellerId) };
  });
