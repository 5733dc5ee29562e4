import type { CheckoutAdminServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import type { Handler } from '@moa/kit';
import { checkoutToProto } from '../convert.js';
import type { Context } from '../service.js';
import { showCheckout } from '../store/checkouts.js';

type GetCheckout = Handler<typeof CheckoutAdminServiceDefinition.methods.getCheckout>;

export const getCheckout =
  ({ db }: Context): GetCheckout =>
  async ({ orderId }) => ({ checkout: checkoutToProto(await showCheckout(db.client, orderId)) });
