import { type CheckoutAdminServiceDefinition, RetryCheckoutResponse } from '@moa/contracts/purchase/v1/order_service';
import { claimFirst, type Handler } from '@moa/kit';
import { checkoutToProto } from '../convert.js';
import type { Context } from '../service.js';
import { showCheckout } from '../store/checkouts.js';
import { tryToGoOn } from '../work/checkout.js';

type RetryCheckout = Handler<typeof CheckoutAdminServiceDefinition.methods.retryCheckout>;

export const retryCheckout =
  (context: Context): RetryCheckout =>
  ({ orderId }, call) =>
    claimFirst(context.db, call, RetryCheckoutResponse, async () => {
      const { nextTime, state } = await showCheckout(context.db.client, orderId);
      // What has ended, or waits for its buyer, is shown as it is.
      if (nextTime !== null && state !== 'WAITING' && state !== 'RESERVING') await tryToGoOn(context, call, orderId);
      return { checkout: checkoutToProto(await showCheckout(context.db.client, orderId)) };
    });
