import { CheckoutResponse, type OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { claimFirst, crashPoint, type Handler } from '@moa/kit';
import { itemFromProto, orderToProto } from '../convert.js';
import { RESERVED_MS } from '../domain/checkout.js';
import { checkItems } from '../domain/order.js';
import type { Context } from '../service.js';
import { beginOrder } from '../store/checkouts.js';
import { gather } from '../work/checkout.js';

type Checkout = Handler<typeof OrderServiceDefinition.methods.checkout>;

export const checkout =
  (context: Context): Checkout =>
  ({ items, couponIds, pointsMinor, address, returnUrl, fromCart }, call) =>
    claimFirst(context.db, call, CheckoutResponse, async () => {
      crashPoint('purchase.stock.before');
      const orderId = await beginOrder(context.db, call, {
        items: checkItems(items.map(itemFromProto)),
        couponIds: [...new Set(couponIds)],
        pointsMinor,
        address: address!,
        returnUrl,
        expireTime: new Date(call.at.getTime() + RESERVED_MS),
      });
      crashPoint('purchase.stock.after');
      const order = await gather(context, call, orderId);
      // The order stands, whether or not the cart is there.
      if (fromCart)
        await context.carts
          .remove(
            call.caller,
            order.lines.map(({ variantId }) => variantId),
          )
          .catch(() => {});
      return { order: orderToProto(order) };
    });
