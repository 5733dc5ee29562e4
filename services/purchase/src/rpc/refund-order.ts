import { type OrderServiceDefinition, RefundOrderResponse } from '@moa/contracts/purchase/v1/order_service';
import { crashPoint, type Handler, once } from '@moa/kit';
import { orderToProto } from '../convert.js';
import { refundedByStaff } from '../domain/fulfilment.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { changeOrder } from '../store/order-steps.js';

type RefundOrder = Handler<typeof OrderServiceDefinition.methods.refundOrder>;

export const refundOrder =
  ({ db, wakeGiveBacks }: Context): RefundOrder =>
  async ({ id, lineIds, reason, restock }, call) => {
    const response = await once(db, call, RefundOrderResponse, async (tx) => {
      const changed = await changeOrder(tx, call, id, (order) => {
        if (!order) throw fail('ORDER_NOT_FOUND');
        return { order, step: refundedByStaff(order, lineIds, reason, restock) };
      });
      // Staff need no address for this.
      return { order: orderToProto({ ...changed!, address: null }) };
    });
    crashPoint('purchase.give-back.written');
    wakeGiveBacks();
    return response;
  };
