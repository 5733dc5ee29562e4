import { type OrderServiceDefinition, RequestReturnResponse } from '@moa/contracts/purchase/v1/order_service';
import { type Handler, newId } from '@moa/kit';
import { returnRequested } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { changeOwnOrder } from '../work/change-order.js';

type RequestReturn = Handler<typeof OrderServiceDefinition.methods.requestReturn>;

export const requestReturn =
  (context: Context): RequestReturn =>
  ({ orderId, lineIds, reason }, call) =>
    changeOwnOrder(context, call, RequestReturnResponse, orderId, (order) =>
      returnRequested(order, lineIds, { id: newId(), reason, at: call.at }),
    );
