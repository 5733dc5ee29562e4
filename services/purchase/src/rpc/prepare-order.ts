import { PrepareOrderResponse, type SellerOrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { prepared } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { changeSoldOrder } from '../work/change-order.js';

type PrepareOrder = Handler<typeof SellerOrderServiceDefinition.methods.prepareOrder>;

export const prepareOrder =
  (context: Context): PrepareOrder =>
  ({ orderId, lineIds }, call) =>
    changeSoldOrder(context, call, PrepareOrderResponse, orderId, (order, own) => prepared(order, own, lineIds));
