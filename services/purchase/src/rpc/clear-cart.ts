import type { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import type { Handler } from '@moa/kit';
import { ownerOf } from '../cart-owner.js';
import type { Context } from '../service.js';

type ClearCart = Handler<typeof CartServiceDefinition.methods.clearCart>;

export const clearCart =
  ({ carts }: Context): ClearCart =>
  async ({ guestToken }, { person }) => {
    const owner = ownerOf(guestToken, person);
    if (owner) await carts.clear(owner);
    return {};
  };
