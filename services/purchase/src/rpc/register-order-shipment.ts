import { RegisterOrderShipmentResponse, type SellerOrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { shipped } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { changeSoldOrder } from '../work/change-order.js';

type RegisterOrderShipment = Handler<typeof SellerOrderServiceDefinition.methods.registerOrderShipment>;

export const registerOrderShipment =
  (context: Context): RegisterOrderShipment =>
  ({ orderId, lineIds, carrier, trackingNumber }, call) =>
    changeSoldOrder(context, call, RegisterOrderShipmentResponse, orderId, (order, own) =>
      shipped(order, own, lineIds, { carrier, trackingNumber }),
    );
