import { ConfirmOrderDeliveryResponse, type OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { delivered } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { changeOwnOrder } from '../work/change-order.js';

type ConfirmOrderDelivery = Handler<typeof OrderServiceDefinition.methods.confirmOrderDelivery>;

export const confirmOrderDelivery =
  (context: Context): ConfirmOrderDelivery =>
  ({ id, lineIds }, call) =>
    changeOwnOrder(context, call, ConfirmOrderDeliveryResponse, id, (order) => delivered(order, lineIds));
