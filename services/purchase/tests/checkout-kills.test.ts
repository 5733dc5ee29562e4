// The saga, killed before and after each of its steps; another process goes on, with exactly the outcome that the buyer was told or will find.
import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { bed, checkoutOf, closeBed, goods, orderOf, refusal, running, spawnPurchase, stockOf } from './checkout-support.js';

const peers = await openPeers();
// Longer than the claim of a call lasts, and the lease of a checkout that somebody brings on.
const LEASES_MS = 31_000;
// After that a checkout that nobody came back for is left behind.
const LEFT_BEHIND_MS = 61_000;

const gathering = [
  'stock.before',
  'stock.after',
  'coupons.before',
  'coupons.after',
  'points.before',
  'points.after',
  'payment.before',
  'payment.after',
  'payment.stored',
];

for (const point of gathering) {
  test(`killed at ${point}, the same request is answered with one order, and everything is held once`, async () => {
    const [who, cup] = [randomUUID(), await goods({ stock: 1 })];
    const request = orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n });
    const first = await spawnPurchase(peers, `purchase.${point}`);
    const { orders } = await first.clients();
    await refusal(orders.checkout(request, await bed.as(who)));
    assert.is(await first.killed(), 'SIGKILL');

    bed.shiftClock(LEASES_MS);
    await running(peers, async (second) => {
      const { order } = await second.orders.checkout(request, await bed.as(who));
      assert.is(peers.coupons.get(order!.id), 'HELD');
      assert.equal(peers.points.get(order!.id), { state: 'HELD', amountMinor: 10n });
      assert.is(peers.payments.get(order!.id)!.state, InstantPayment_State.STATE_AUTHENTICATING);
      assert.equal(await stockOf(cup), { onHand: 1, reserved: 1 });
      await until(async () => (await checkoutOf(who))!.state === 'WAITING');
    });
  });

  if (point === 'stock.before' || point === 'payment.stored') continue;
  test(`killed at ${point}, and nobody comes back: everything is given back by itself`, async () => {
    const [who, cup] = [randomUUID(), await goods({ stock: 1 })];
    const first = await spawnPurchase(peers, `purchase.${point}`);
    const { orders } = await first.clients();
    await refusal(orders.checkout(orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n }), await bed.as(who)));
    assert.is(await first.killed(), 'SIGKILL');

    bed.shiftClock(LEFT_BEHIND_MS);
    await running(peers, () => until(async () => (await checkoutOf(who))!.state === 'UNDONE'));
    await givenBack(who, cup);
  });
}

for (const point of ['commit-coupons.before', 'commit-coupons.after', 'commit-points.before', 'commit-points.after']) {
  test(`killed at ${point}, a paid order takes what it holds, once`, async () => {
    const [who, cup] = [randomUUID(), await goods({ stock: 1 })];
    const first = await spawnPurchase(peers, `purchase.${point}`);
    const { orders } = await first.clients();
    const { order } = await orders.checkout(orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n }), await bed.as(who));
    await peers.pay(order!.id);
    assert.is(await first.killed(), 'SIGKILL');

    bed.shiftClock(LEASES_MS);
    await running(peers, () => until(async () => (await checkoutOf(who))!.state === 'DONE'));
    assert.is(peers.coupons.get(order!.id), 'COMMITTED');
    assert.is(peers.points.get(order!.id)!.state, 'COMMITTED');
    assert.equal(await stockOf(cup), { onHand: 0, reserved: 0 });
  });
}

const undoing = ['payment.before', 'payment.after', 'stock.after', 'points.before', 'points.after', 'coupons.before', 'coupons.after'];

for (const point of undoing) {
  test(`killed at undo-${point} after a refusal, everything is given back, once`, async () => {
    const [who, cup] = [randomUUID(), await goods({ stock: 1 })];
    const first = await spawnPurchase(peers, `purchase.undo-${point}`);
    const { orders } = await first.clients();
    peers.failing.set('createPayment', 'AWAY');
    await refusal(orders.checkout(orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n }), await bed.as(who)));
    assert.is(await first.killed(), 'SIGKILL');
    peers.failing.delete('createPayment');

    bed.shiftClock(LEASES_MS);
    await running(peers, () => until(async () => (await checkoutOf(who))!.state === 'UNDONE'));
    await givenBack(who, cup);
  });
}

async function givenBack(who: string, cup: Parameters<typeof stockOf>[0]): Promise<void> {
  const { order_id: orderId, order_state: state, placed } = (await checkoutOf(who))!;
  assert.equal([state, placed], ['EXPIRED', false]);
  assert.is(peers.coupons.get(orderId), 'RELEASED');
  assert.is(peers.points.get(orderId)!.state, 'RELEASED');
  assert.is.not(peers.payments.get(orderId)?.state, InstantPayment_State.STATE_AUTHENTICATING);
  assert.equal(await stockOf(cup), { onHand: 1, reserved: 0 });
}

test.after(() => closeBed(() => peers.stop()));
test.run();
