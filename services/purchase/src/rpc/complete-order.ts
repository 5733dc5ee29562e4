import { CompleteOrderResponse, type OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { completed } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { changeOwnOrder } from '../work/change-order.js';

type CompleteOrder = Handler<typeof OrderServiceDefinition.methods.completeOrder>;

export const completeOrder =
  (context: Context): CompleteOrder =>
  ({ id, lineIds }, call) =>
    changeOwnOrder(context, call, CompleteOrderResponse, id, (order) => completed(order, lineIds));
