import { CancelOrderLinesResponse, type SellerOrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { crashPoint, type Handler } from '@moa/kit';
import { canceledBySeller } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { changeSoldOrder } from '../work/change-order.js';

type CancelOrderLines = Handler<typeof SellerOrderServiceDefinition.methods.cancelOrderLines>;

export const cancelOrderLines =
  (context: Context): CancelOrderLines =>
  async ({ orderId, lineIds, reason }, call) => {
    const response = await changeSoldOrder(context, call, CancelOrderLinesResponse, orderId, (_, own) =>
      canceledBySeller(own, lineIds, reason),
    );
    crashPoint('purchase.give-back.written');
    context.wakeGiveBacks();
    return response;
  };
