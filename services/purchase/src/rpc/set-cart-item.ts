import type { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import type { Handler } from '@moa/kit';
import { ownerOf } from '../cart-owner.js';
import { type CartOwner, newGuestToken } from '../carts.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { showCart } from '../show-cart.js';
import { findOffers } from '../store/offers.js';

type SetCartItem = Handler<typeof CartServiceDefinition.methods.setCartItem>;

export const setCartItem =
  (context: Context): SetCartItem =>
  async ({ guestToken, variantId, quantity }, { person, at }) => {
    const { carts, db } = context;
    const owner = (await knownOwner(context, guestToken, person)) ?? { guestToken: newGuestToken() };
    const offer = (await findOffers(db.client, [variantId])).get(variantId);
    // What is gone can still be taken out.
    if (quantity > 0 && !offer) throw fail('PRODUCT_NOT_FOUND', { variantId });
    if (quantity > 0 && !offer!.onSale) throw fail('PRODUCT_NOT_ON_SALE', { variantId });
    await carts.set(owner, variantId, quantity, offer?.priceMinor ?? 0n, at.getTime());
    return { cart: await showCart(context, owner, at), guestToken: 'guestToken' in owner ? owner.guestToken : '' };
  };

// A token that no cart has is not taken up: somebody else may know it.
async function knownOwner({ carts }: Context, guestToken: string, person: Parameters<typeof ownerOf>[1]): Promise<CartOwner | undefined> {
  const owner = ownerOf(guestToken, person);
  return owner && 'guestToken' in owner && (await carts.read(owner)).length === 0 ? undefined : owner;
}
