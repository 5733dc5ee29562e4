import type { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import type { Handler } from '@moa/kit';
import { ownerOf } from '../cart-owner.js';
import type { Context } from '../service.js';
import { showCart } from '../show-cart.js';

type GetCart = Handler<typeof CartServiceDefinition.methods.getCart>;

export const getCart =
  (context: Context): GetCart =>
  async ({ guestToken }, { person, at }) => {
    const owner = ownerOf(guestToken, person);
    return { cart: owner ? await showCart(context, owner, at) : { items: [], total: undefined, expireTime: undefined } };
  };
