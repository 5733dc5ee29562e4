import { DecideReturnResponse, type SellerOrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { crashPoint, type Handler, once } from '@moa/kit';
import { returnRequestToProto } from '../convert.js';
import { returnApproved, returnRejected } from '../domain/fulfilment.js';
import type { Order, ReturnRequest } from '../domain/order.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { orderOfReturn } from '../store/order-lists.js';
import { changeOrder } from '../store/order-steps.js';

type DecideReturn = Handler<typeof SellerOrderServiceDefinition.methods.decideReturn>;

export const decideReturn =
  ({ db, wakeGiveBacks }: Context): DecideReturn =>
  async ({ id, approve, rejectionReason, restock }, call) => {
    const requestIn = (order: Order | undefined): ReturnRequest => {
      const request = order?.returns.find((made) => made.id === id);
      if (request?.sellerId !== call.caller.accountId) throw fail('RETURN_NOT_FOUND');
      return request;
    };
    const response = await once(db, call, DecideReturnResponse, async (tx) => {
      const orderId = await orderOfReturn(tx, id);
      if (!orderId) throw fail('RETURN_NOT_FOUND');
      const changed = await changeOrder(tx, call, orderId, (found) => {
        const request = requestIn(found);
        const order = found!;
        return { order, step: approve ? returnApproved(order, request, restock) : returnRejected(order, request, rejectionReason) };
      });
      return { returnRequest: returnRequestToProto(requestIn(changed)) };
    });
    crashPoint('purchase.give-back.written');
    if (approve) wakeGiveBacks();
    return response;
  };
