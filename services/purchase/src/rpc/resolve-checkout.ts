import { type CheckoutAdminServiceDefinition, ResolveCheckoutResponse } from '@moa/contracts/purchase/v1/order_service';
import { type Handler, once } from '@moa/kit';
import { checkoutToProto } from '../convert.js';
import type { Context } from '../service.js';
import { resolveCheckout as resolve, showCheckout } from '../store/checkouts.js';

type ResolveCheckout = Handler<typeof CheckoutAdminServiceDefinition.methods.resolveCheckout>;

export const resolveCheckout =
  ({ db }: Context): ResolveCheckout =>
  ({ orderId, resolution }, call) =>
    once(db, call, ResolveCheckoutResponse, async (tx) => {
      await resolve(tx, call, orderId, resolution);
      return { checkout: checkoutToProto(await showCheckout(tx, orderId)) };
    });
