// From a wish to a paid order, and back.
import { randomUUID } from 'node:crypto';
import { Checkout_State, Order_State } from '@moa/contracts/purchase/v1/order';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { bed, checkoutOf, closeBed, goods, MINUTE_MS, openPurchase, orderOf, refusal, sql, stockOf, won } from './checkout-support.js';

const peers = await openPeers();
const { orders, checkouts, stop } = await openPurchase(peers);
const buyer = async () => {
  const id = randomUUID();
  return { id, token: await bed.as(id) };
};
type Buyer = Awaited<ReturnType<typeof buyer>>;
const stateOf = async ({ token }: Buyer, id: string) => (await orders.getOrder({ id }, token)).order!.state;
const reached = (who: Buyer, id: string, state: Order_State) => until(async () => (await stateOf(who, id)) === state);
const ended = (who: Buyer, state: string) => until(async () => (await checkoutOf(who.id))?.state === state);

test('an order holds its stock, waits to be paid, and takes the stock when it is', async () => {
  const [who, cup, plate] = [await buyer(), await goods(), await goods({ priceMinor: 5_000 })];
  const request = {
    ...orderOf([cup, plate]),
    items: [{ variantId: cup.variantId, quantity: 2, price: won(10_000) }, orderOf([plate]).items[0]!],
  };
  const { order } = await orders.checkout(request, who.token);
  assert.is(order!.state, Order_State.STATE_AWAITING_PAYMENT);
  assert.is(order!.checkoutUrl, `https://pay.example/${order!.id}`);
  assert.equal(order!.total, won(25_000));
  assert.is(order!.name, '머그컵 외 1건');
  assert.equal(await stockOf(cup), { onHand: 10, reserved: 2 });
  assert.is(peers.payments.get(order!.id)!.request.shares.length, 2);

  await peers.pay(order!.id);
  await reached(who, order!.id, Order_State.STATE_PAID);
  assert.equal(await stockOf(cup), { onHand: 8, reserved: 0 });
  assert.is((await checkoutOf(who.id))?.state, 'DONE');
  assert.equal(
    (await orders.listMyOrders({ pageSize: 0, pageToken: '' }, who.token)).orders.map(({ id }) => id),
    [order!.id],
  );
});

test('the same request again gives the same order; another body under its id is refused', async () => {
  const [who, cup] = [await buyer(), await goods()];
  const request = orderOf([cup]);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      until(() => orders.checkout(request, who.token).catch((error) => (error.code === 10 ? undefined : Promise.reject(error)))),
    ),
  );
  assert.is(new Set(answers.map(({ order }) => order!.id)).size, 1);
  assert.equal(await stockOf(cup), { onHand: 10, reserved: 1 });
  assert.is(await refusal(orders.checkout({ ...request, pointsMinor: 5n }, who.token)), 'REQUEST_ID_REUSED');
});

test('coupons and points are divided among the lines, held, and taken when it is paid', async () => {
  const [who, cup, plate] = [await buyer(), await goods(), await goods({ priceMinor: 5_001 })];
  const { order } = await orders.checkout(orderOf([cup, plate], { couponIds: [randomUUID()], pointsMinor: 3_000n }), who.token);
  assert.equal(order!.discount, won(1_000));
  assert.equal(order!.total, won(11_001));
  const [first, second] = order!.lines;
  assert.equal([first!.platformCouponMinor, first!.pointsMinor + second!.pointsMinor], [1_000n, 3_000n]);
  assert.is(first!.paidMinor + second!.paidMinor, 11_001n);
  assert.is(peers.coupons.get(order!.id), 'HELD');
  await peers.pay(order!.id);
  await ended(who, 'DONE');
  assert.is(peers.coupons.get(order!.id), 'COMMITTED');
  assert.is(peers.points.get(order!.id)!.state, 'COMMITTED');
});

test('an order that costs no money is paid at once', async () => {
  const [who, cup] = [await buyer(), await goods()];
  const { order } = await orders.checkout(orderOf([cup], { pointsMinor: 10_000n }), who.token);
  assert.is(order!.state, Order_State.STATE_PAID);
  assert.equal(order!.total, won(0));
  await ended(who, 'DONE');
  assert.is(peers.points.get(order!.id)!.state, 'COMMITTED');
});

test('what cannot be bought so is refused, and holds nothing', async () => {
  const who = await buyer();
  const cup = await goods({ stock: 1 });
  const twice = orderOf([cup, cup]);
  assert.is(await refusal(orders.checkout(twice, who.token)), 'VARIANT_TWICE');
  assert.is(await refusal(orders.checkout(orderOf([{ ...cup, priceMinor: 9_999 }]), who.token)), 'PRICE_CHANGED');
  assert.is(await refusal(orders.checkout(orderOf([await goods({ state: 'DRAFT' })]), who.token)), 'PRODUCT_NOT_FOUND');
  assert.is(await refusal(orders.checkout(orderOf([await goods({ state: 'PAUSED' })]), who.token)), 'PRODUCT_NOT_ON_SALE');
  assert.is(await refusal(orders.checkout(orderOf([{ ...cup, variantId: randomUUID() }]), who.token)), 'PRODUCT_NOT_FOUND');
  assert.is(await refusal(orders.checkout(orderOf([await goods({ sellerId: who.id })]), who.token)), 'SELF_PURCHASE');
  assert.is(await refusal(orders.checkout(orderOf([cup, await goods({ stock: 0 })]), who.token)), 'OUT_OF_STOCK');
  assert.is(await refusal(orders.checkout(orderOf([cup], { pointsMinor: 10_001n }), who.token)), 'POINTS_TOO_MANY');
  assert.equal(await stockOf(cup), { onHand: 1, reserved: 0 });
  assert.equal((await orders.listMyOrders({ pageSize: 0, pageToken: '' }, who.token)).orders, []);
});

for (const [method, failure, wanted] of [
  ['reserveCoupons', 'COUPON_NOT_USABLE', 'COUPON_NOT_USABLE'],
  ['reserveCoupons', 'AWAY', 'AWAY'],
  ['holdPoints', 'POINTS_NOT_ENOUGH', 'POINTS_NOT_ENOUGH'],
  ['createPayment', 'AWAY', 'AWAY'],
] as const) {
  test(`when ${method} says ${failure}, everything is given back, and the same request may be tried again`, async () => {
    const [who, cup] = [await buyer(), await goods({ stock: 1 })];
    const request = orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n });
    peers.failing.set(method, failure);
    assert.is(await refusal(orders.checkout(request, who.token)), wanted);
    peers.failing.delete(method);
    await ended(who, 'UNDONE');
    const first = (await checkoutOf(who.id))!;
    assert.is(peers.coupons.get(first.order_id), 'RELEASED');
    assert.is(peers.points.get(first.order_id)!.state, 'RELEASED');
    assert.equal(await stockOf(cup), { onHand: 1, reserved: 0 });
    assert.is(await refusal(orders.getOrder({ id: first.order_id }, who.token)), 'ORDER_NOT_FOUND');
    const { order } = await orders.checkout(request, who.token);
    assert.is(order!.state, Order_State.STATE_AWAITING_PAYMENT);
  });
}

test('an order that is not paid in time gives back what it held', async () => {
  const [who, cup] = [await buyer(), await goods({ stock: 1 })];
  const { order } = await orders.checkout(orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n }), who.token);
  await peers.expire(order!.id);
  await reached(who, order!.id, Order_State.STATE_EXPIRED);
  await ended(who, 'UNDONE');
  assert.equal([peers.coupons.get(order!.id), peers.points.get(order!.id)!.state], ['RELEASED', 'RELEASED']);
  assert.equal(await stockOf(cup), { onHand: 1, reserved: 0 });
  assert.is((await orders.getOrder({ id: order!.id }, who.token)).order!.address, undefined);
});

test('while coupons and points are away, the stock is free all the same, and they are released when they are back', async () => {
  const [who, cup] = [await buyer(), await goods({ stock: 1 })];
  const { order } = await orders.checkout(orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n }), who.token);
  peers.failing.set('releasePoints', 'AWAY');
  await peers.cancel(order!.id);
  await reached(who, order!.id, Order_State.STATE_EXPIRED);
  assert.equal(await stockOf(cup), { onHand: 1, reserved: 0 });
  await until(async () => (await checkoutOf(who.id))!.failures > 0);
  peers.failing.delete('releasePoints');
  bed.shiftClock(MINUTE_MS);
  await ended(who, 'UNDONE');
  assert.is(peers.points.get(order!.id)!.state, 'RELEASED');
});

test('a payment that comes in after the end of its order goes back by itself', async () => {
  const [who, cup] = [await buyer(), await goods({ stock: 1 })];
  const { order } = await orders.checkout(orderOf([cup]), who.token);
  await peers.expire(order!.id);
  await ended(who, 'UNDONE');
  await peers.pay(order!.id);
  await until(async () => peers.payments.get(order!.id)!.state === 8);
  await ended(who, 'UNDONE');
  assert.is(await stateOf(who, order!.id), Order_State.STATE_EXPIRED);
  assert.equal(await stockOf(cup), { onHand: 1, reserved: 0 });
});

test('when no event tells of the payment, payment is asked', async () => {
  const [paid, unpaid, cup] = [await buyer(), await buyer(), await goods()];
  const { order } = await orders.checkout(orderOf([cup]), paid.token);
  const { order: other } = await orders.checkout(orderOf([cup]), unpaid.token);
  peers.payments.get(order!.id)!.state = 3;
  peers.payments.get(other!.id)!.state = 6;
  bed.shiftClock(16 * MINUTE_MS);
  const fresh = async ({ id }: Buyer) => ({ id, token: await bed.as(id) });
  await reached(await fresh(paid), order!.id, Order_State.STATE_PAID);
  await reached(await fresh(unpaid), other!.id, Order_State.STATE_EXPIRED);
});

for (const [name, hear] of [
  ['is told', (_: Buyer, id: string) => peers.pay(id)],
  ['is looked for', async () => bed.shiftClock(16 * MINUTE_MS)],
  ['is canceled', ({ token }: Buyer, id: string) => orders.cancelOrder({ requestId: randomUUID(), id, lineIds: [], reason: '' }, token)],
] as const) {
  test(`a payment that the bank took back before it ${name} sells nothing`, async () => {
    const [who, cup] = [await buyer(), await goods({ stock: 1 })];
    const { order } = await orders.checkout(orderOf([cup]), who.token);
    await peers.chargeBack(order!.id);
    await until(async () => (await sql.query('SELECT FROM "order" WHERE id = $1 AND charged_back', [order!.id])).rowCount === 1);
    await hear(who, order!.id);
    await until(async () => (await checkoutOf(who.id))!.order_state === 'CANCELED');
    assert.equal(await stockOf(cup), { onHand: 1, reserved: 0 });
  });
}

test('a buyer is never blocked by an order of his own', async () => {
  const [who, cup] = [await buyer(), await goods({ stock: 2 })];
  const results = await Promise.all([orders.checkout(orderOf([cup]), who.token), orders.checkout(orderOf([cup]), who.token)]);
  assert.is(new Set(results.map(({ order }) => order!.id)).size, 2);
  assert.equal(await stockOf(cup), { onHand: 2, reserved: 2 });
});

test('50 buyers for 10 pieces: exactly 10 have one', async () => {
  const cup = await goods({ stock: 10 });
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, async () => orders.checkout(orderOf([cup]), (await buyer()).token)));
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
  assert.equal(await stockOf(cup), { onHand: 10, reserved: 10 });
});

test('a checkout that fails again and again is shown to staff, who try it again, or resolve it', async () => {
  const [who, other, cup] = [await buyer(), await buyer(), await goods()];
  peers.failing.set('commitCoupons', 'AWAY');
  const ids: string[] = [];
  for (const { token } of [who, other]) {
    const { order } = await orders.checkout(orderOf([cup], { couponIds: [randomUUID()] }), token);
    ids.push(order!.id);
    await peers.pay(order!.id);
  }
  await until(async () => {
    bed.shiftClock(MINUTE_MS / 2);
    return (await checkoutOf(who.id))!.state === 'STUCK' && (await checkoutOf(other.id))!.state === 'STUCK';
  });
  const staff = await bed.as(randomUUID(), 'ADMIN');
  const { checkouts: stuck } = await checkouts.listCheckouts({ state: 0, pageSize: 0, pageToken: '' }, staff);
  assert.equal(new Set(stuck.map(({ orderId }) => orderId)), new Set(ids));
  assert.is(stuck[0]!.lastError, 'AWAY');
  const still = await checkouts.retryCheckout({ requestId: randomUUID(), orderId: ids[0]! }, staff);
  assert.is(still.checkout!.state, Checkout_State.STATE_STUCK);
  assert.is(await refusal(checkouts.getCheckout({ orderId: ids[0]! }, await bed.as(who.id))), 'CALLER_NOT_ALLOWED');

  peers.failing.delete('commitCoupons');
  const done = await checkouts.retryCheckout({ requestId: randomUUID(), orderId: ids[0]! }, staff);
  assert.is(done.checkout!.state, Checkout_State.STATE_DONE);
  assert.is(peers.coupons.get(ids[0]!), 'COMMITTED');
  const { checkout } = await checkouts.resolveCheckout(
    { requestId: randomUUID(), orderId: ids[1]!, resolution: '쿠폰을 손으로 처리함' },
    staff,
  );
  assert.is(checkout!.state, Checkout_State.STATE_DONE);
  assert.is(checkout!.resolution, '쿠폰을 손으로 처리함 [left as they are: coupons]');
  assert.is(
    await refusal(checkouts.resolveCheckout({ requestId: randomUUID(), orderId: ids[1]!, resolution: 'x' }, staff)),
    'CHECKOUT_NOT_STUCK',
  );
});

test("another person's order is not found", async () => {
  const [who, cup] = [await buyer(), await goods()];
  const { order } = await orders.checkout(orderOf([cup]), who.token);
  assert.is(await refusal(orders.getOrder({ id: order!.id }, (await buyer()).token)), 'ORDER_NOT_FOUND');
});

test.after(() => closeBed(stop, () => peers.stop()));
test.run();
