import type { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { showCart } from '../show-cart.js';

type MergeCart = Handler<typeof CartServiceDefinition.methods.mergeCart>;

export const mergeCart =
  (context: Context): MergeCart =>
  async ({ guestToken }, { caller: { accountId }, at }) => {
    await context.carts.merge(guestToken, accountId);
    return { cart: await showCart(context, { accountId }, at) };
  };
