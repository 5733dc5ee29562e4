// Carts of guests and of people.
import { randomUUID } from 'node:crypto';
import { CartServiceDefinition, CartItem_Change as Change } from '@moa/contracts/purchase/v1/cart_service';
import { readConfig } from '@moa/kit';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { variables } from '../src/config.js';
import { MOST_ITEMS } from '../src/domain/cart.js';
import { startPurchase } from '../src/service.js';
import { openPeers } from './checkout-peers.js';
import { bed, closeBed, type Goods, goods, openPurchase, orderOf, refusal, sql, won } from './checkout-support.js';

const peers = await openPeers();
const { orders, carts, stop } = await openPurchase(peers);
const person = async () => bed.as(randomUUID());
const put = (variantId: string, quantity: number, guestToken = '') => ({ guestToken, variantId, quantity });
const itemsOf = (cart: Awaited<ReturnType<typeof carts.getCart>>['cart']) =>
  cart!.items.map(({ variantId, quantity }) => [variantId, quantity]);

test('a person puts things in and takes them out; the cart keeps their order, and adds up', async () => {
  const [token, cup, plate] = [await person(), await goods(), await goods({ priceMinor: 5_000 })];
  assert.equal((await carts.getCart({ guestToken: '' }, token)).cart, { items: [], total: undefined, expireTime: undefined });
  await carts.setCartItem(put(cup.variantId, 2), token);
  await carts.setCartItem(put(plate.variantId, 1), token);
  const { cart, guestToken } = await carts.setCartItem(put(cup.variantId, 3), token);
  assert.is(guestToken, '');
  assert.equal(itemsOf(cart), [
    [cup.variantId, 3],
    [plate.variantId, 1],
  ]);
  assert.equal(cart!.total, won(35_000));
  await carts.setCartItem(put(cup.variantId, 0), token);
  assert.equal(itemsOf((await carts.getCart({ guestToken: '' }, token)).cart), [[plate.variantId, 1]]);
  await carts.clearCart({ guestToken: '' }, token);
  assert.equal((await carts.getCart({ guestToken: '' }, token)).cart!.items, []);
});

test("a guest's cart is merged at sign-in, once: of what is in both, the larger quantity counts", async () => {
  const [token, cup, plate] = [await person(), await goods(), await goods()];
  const { guestToken } = await carts.setCartItem(put(cup.variantId, 1));
  await carts.setCartItem(put(plate.variantId, 2, guestToken));
  await carts.setCartItem(put(cup.variantId, 4), token);
  const { cart } = await carts.mergeCart({ guestToken }, token);
  assert.equal(
    new Map(itemsOf(cart) as [string, number][]),
    new Map([
      [cup.variantId, 4],
      [plate.variantId, 2],
    ]),
  );
  assert.equal((await carts.getCart({ guestToken })).cart!.items, []);
  await carts.mergeCart({ guestToken }, token);
  assert.is((await carts.getCart({ guestToken: '' }, token)).cart!.items.length, 2);
});

test('a token that no cart has is not taken up', async () => {
  const cup = await goods();
  const made = 'x'.repeat(43);
  const { guestToken } = await carts.setCartItem(put(cup.variantId, 1, made));
  assert.is.not(guestToken, made);
  assert.equal((await carts.getCart({ guestToken: made })).cart!.items, []);
});

test('what has changed since its owner last looked is told once: price, stock, and that it is not for sale', async () => {
  const token = await person();
  const [cup, plate, bowl] = [await goods(), await goods({ stock: 5 }), await goods()];
  for (const { variantId } of [cup, plate, bowl]) await carts.setCartItem(put(variantId, 2), token);
  await sql.query('UPDATE variant SET price_minor = 12000 WHERE id = $1', [cup.variantId]);
  await sql.query('UPDATE variant SET on_hand = 1 WHERE id = $1', [plate.variantId]);
  await sql.query(`UPDATE product SET state = 'PAUSED' WHERE id = (SELECT product_id FROM variant WHERE id = $1)`, [bowl.variantId]);
  const { cart } = await carts.getCart({ guestToken: '' }, token);
  const of = ({ variantId }: Goods) => cart!.items.find((item) => item.variantId === variantId)!;
  assert.equal([of(cup).changes, of(cup).seenPrice, of(cup).price], [[Change.CHANGE_PRICE], won(10_000), won(12_000)]);
  assert.equal([of(plate).changes, of(plate).available, of(plate).unavailable], [[Change.CHANGE_STOCK], 1, true]);
  assert.equal([of(bowl).changes, of(bowl).unavailable], [[Change.CHANGE_NOT_ON_SALE], true]);
  assert.equal(cart!.total, won(24_000));
  await sql.query('UPDATE variant SET on_hand = 0 WHERE id = $1', [plate.variantId]);
  const { cart: again } = await carts.getCart({ guestToken: '' }, token);
  assert.equal(
    again!.items.map(({ changes }) => changes),
    [[], [Change.CHANGE_SOLD_OUT], [Change.CHANGE_NOT_ON_SALE]],
  );
});

test('a cart has its limits, also with everybody putting things in at once; what is not for sale is refused', async () => {
  const token = await person();
  const many = await Promise.all(Array.from({ length: MOST_ITEMS + 10 }, () => goods()));
  // With everybody at once one may not be served in time: who comes again puts in the same.
  const outcomeOf = (variantId: string): Promise<string> =>
    until(async () => {
      const outcome = await carts.setCartItem(put(variantId, 1), token).then(() => 'put in', reasonOf);
      return ['put in', 'CART_FULL'].includes(outcome!) && outcome;
    });
  const outcomes = await Promise.all(many.map(({ variantId }) => outcomeOf(variantId)));
  assert.is(outcomes.filter((outcome) => outcome === 'put in').length, MOST_ITEMS);
  assert.is(outcomes.filter((outcome) => outcome === 'CART_FULL').length, 10);
  assert.is(await refusal(carts.setCartItem(put((await goods()).variantId, 1), token)), 'CART_FULL');
  assert.is(await refusal(carts.setCartItem(put(randomUUID(), 1))), 'PRODUCT_NOT_FOUND');
  assert.is(await refusal(carts.setCartItem(put((await goods({ state: 'PAUSED' })).variantId, 1))), 'PRODUCT_NOT_ON_SALE');
  assert.is(await refusal(carts.setCartItem(put(many[0]!.variantId, 100), token)), 'REQUEST_INVALID');
});

test('what is bought from the cart is taken out of it', async () => {
  const [token, cup, plate] = [await person(), await goods(), await goods()];
  for (const { variantId } of [cup, plate]) await carts.setCartItem(put(variantId, 1), token);
  await orders.checkout(orderOf([cup], { fromCart: true }), token);
  assert.equal(itemsOf((await carts.getCart({ guestToken: '' }, token)).cart), [[plate.variantId, 1]]);
});

test('without Redis there are no carts, and one can buy all the same', async () => {
  const environment = { ...(await bed.environment('purchase')), ...peers.addresses, REDIS_URL: 'redis://127.0.0.1:9' };
  const away = await startPurchase(readConfig(variables, environment));
  const [token, cup] = [await person(), await goods()];
  const without = bed.connect(CartServiceDefinition, away.address);
  assert.is(await refusal(without.getCart({ guestToken: '' }, token)), 'SERVICE_UNAVAILABLE');
  await orders.checkout(orderOf([cup], { fromCart: true }), token);
  await away.stop();
});

test.after(() => closeBed(stop, () => peers.stop()));
test.run();
