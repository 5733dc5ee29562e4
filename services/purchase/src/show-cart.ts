// A cart as its owner sees it: each reading looks prices and stock up, tells what has changed, and remembers what was told.
import * as proto from '@moa/contracts/purchase/v1/cart_service';
import type { CartOwner } from './carts.js';
import { money } from './convert.js';
import { type CartItem, lookAt } from './domain/cart.js';
import type { Context } from './service.js';
import { findOffers } from './store/offers.js';

export async function showCart({ carts, db }: Context, owner: CartOwner, at: Date): Promise<proto.Cart> {
  const kept = await carts.read(owner);
  const cart = lookAt(
    kept,
    await findOffers(
      db.client,
      kept.map(({ variantId }) => variantId),
    ),
  );
  await carts.seen(owner, new Map(cart.items.map(({ variantId, priceMinor }) => [variantId, priceMinor])));
  return {
    items: cart.items.map(itemToProto),
    total: cart.total && money(cart.total.currency, cart.total.amountMinor),
    expireTime: kept.length > 0 ? new Date(at.getTime() + carts.lifetimeMsOf(owner)) : undefined,
  };
}

const itemToProto = ({ onSale: _, currency, priceMinor, amountMinor, seenPriceMinor, changes, ...item }: CartItem): proto.CartItem => ({
  ...item,
  optionValues: [...item.optionValues],
  available: Math.max(item.available, 0),
  price: money(currency, priceMinor),
  amount: money(currency, amountMinor),
  changes: changes.map((change) => proto.CartItem_Change[`CHANGE_${change}`]),
  seenPrice: changes.includes('PRICE') ? money(currency, seenPriceMinor!) : undefined,
});
