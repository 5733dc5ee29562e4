import { CancelOrderResponse, type OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { crashPoint, type Handler, type Origin } from '@moa/kit';
import { orderToProto } from '../convert.js';
import { canceledByBuyer } from '../domain/fulfilment.js';
import { type Order, ownedBy } from '../domain/order.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { showCheckout } from '../store/checkouts.js';
import { findOrder } from '../store/orders.js';
import { changeOwnOrder } from '../work/change-order.js';
import { cancelUnpaid } from '../work/checkout.js';

type CancelOrder = Handler<typeof OrderServiceDefinition.methods.cancelOrder>;

export const cancelOrder =
  (context: Context): CancelOrder =>
  async ({ id, lineIds, reason }, call) => {
    const order = ownedBy(call.caller.accountId, await findOrder(context.db.client, id));
    // Not paid yet: its checkout is undone, wholly. It may be paid meanwhile.
    const unpaid = order.payTime ? undefined : await cancelNotPaid(context, call, order, lineIds);
    if (unpaid) return { order: orderToProto(unpaid) };
    const response = await changeOwnOrder(context, call, CancelOrderResponse, id, (locked) => canceledByBuyer(locked, lineIds, reason));
    crashPoint('purchase.give-back.written');
    context.wakeGiveBacks();
    return response;
  };

/** The order, canceled; undefined when it was paid. Once more changes nothing. Throws ORDER_NOT_PAID for a part of it, and ORDER_ENDED. */
async function cancelNotPaid(
  context: Context,
  origin: Origin,
  { id, lines }: Order,
  lineIds: readonly string[],
): Promise<Order | undefined> {
  if (lineIds.length > 0 && lines.some((line) => !lineIds.includes(line.id))) throw fail('ORDER_NOT_PAID');
  await cancelUnpaid(context, origin, id);
  const order = (await findOrder(context.db.client, id))!;
  if (order.payTime) return undefined;
  const { undoReason } = await showCheckout(context.db.client, id);
  if (undoReason !== 'CANCELED_BY_BUYER') throw fail('ORDER_ENDED');
  return order;
}
