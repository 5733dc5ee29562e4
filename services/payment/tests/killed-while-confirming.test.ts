import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { authenticated, MINUTE_MS, orderOf, placed, reached, share, sumsOf, won } from './orders.js';
import { killedAt, running } from './payment-process.js';
import { type Clients, openStand } from './support.js';

const CLAIM_LEASE_MS = 30_000;

const stand = await openStand('killed-while-confirming');
const { STATE_APPROVED, STATE_EXPIRED, STATE_CANCELED, STATE_AUTHENTICATING, STATE_REFUNDED } = InstantPayment_State;

for (const [point, what] of [
  ['payment.confirm.sending', 'it is written that it will be, and nothing was sent'],
  ['payment.confirm.answered', 'the provider approved it, and nothing is written'],
  ['payment.confirm.settled', 'all is written, and nothing published'],
] as const) {
  test(`killed at ${point} (${what}), a payment is approved once, by itself`, async () => {
    const order = await running(stand, (clients) => placed(stand, clients));
    const confirmation = await authenticated(order);
    await killedAt(stand, point, ({ orders }) => orders.confirmPayment(confirmation, order.token));
    await running(stand, async (clients) => {
      await reached(clients, order, STATE_APPROVED);
      assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000']);
      assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1 });
    });
    await stand.checkBooks();
  });
}

for (const point of ['payment.order.stored', 'relay.published']) {
  test(`killed at ${point}, an order that points cover is approved once, and its cancel gives them back once`, async () => {
    const request = orderOf(stand, { amount: won(0), shares: [share(3_000, { pointsMinor: 3_000n })] });
    await killedAt(stand, point, ({ purchase }) => purchase.createPayment(request));
    const { payment } = await again(({ purchase }) => purchase.createPayment(request));
    assert.is(payment!.state, STATE_APPROVED);
    assert.equal(await stand.keysOf(payment!.id), ['instant']);
    const cancel = { requestId: randomUUID(), orderId: request.orderId, reason: '취소' };
    await killedAt(stand, 'relay.published', ({ purchase }) => purchase.cancelPayment(cancel));
    assert.is((await again(({ purchase }) => purchase.cancelPayment(cancel))).payment!.state, STATE_REFUNDED);
    assert.equal(await stand.keysOf(payment!.id), ['instant', 'refund-due']);
    await running(stand, async () => assert.equal(await stand.eventsOf(payment!.id), { PaymentCompleted: 1, PaymentRefunded: 1 }));
  });
}

/** Once more, when the one who held the request is gone and it is free again. */
function again<T>(work: (clients: Clients) => Promise<T>): Promise<T> {
  stand.bed.shiftClock(CLAIM_LEASE_MS);
  return running(stand, work);
}

test('killed between the approval and our write, and expired before we come back, it is given back by itself', async () => {
  const expireTime = new Date(stand.bed.now().getTime() + MINUTE_MS);
  const order = await running(stand, (clients) => placed(stand, clients, { expireTime }));
  const confirmation = await authenticated(order);
  await killedAt(stand, 'payment.confirm.answered', ({ orders }) => orders.confirmPayment(confirmation, order.token));
  // The lease of the one who was killed lasts longer than the order.
  stand.bed.shiftClock(2 * MINUTE_MS);
  await running(stand, async (clients) => {
    await reached(clients, order, STATE_EXPIRED);
    await until(async () => (await stand.bookedOf(order.orderId)).length === 2);
    await until(async () => Object.values(await sumsOf(stand, order.id)).every((sum) => sum === 0));
    assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000', 'REFUND 30000']);
    assert.equal(await stand.eventsOf(order.id), { PaymentExpired: 1, PaymentRefunded: 1 });
  });
  await stand.checkBooks();
});

test('killed while it closes the page of a canceled payment, it closes it after all', async () => {
  const order = await running(stand, (clients) => placed(stand, clients));
  const request = { requestId: randomUUID(), orderId: order.orderId, reason: '취소' };
  await killedAt(stand, 'payment.checkout.closed', ({ purchase }) => purchase.cancelPayment(request));
  await running(stand, async (clients) => {
    await reached(clients, order, STATE_CANCELED);
    await until(async () => (await stand.rows('SELECT FROM instant_payment WHERE close_due_time IS NOT NULL')).length === 0);
    assert.is((await fetch(order.checkoutUrl)).status, 410);
    assert.equal(await stand.eventsOf(order.id), { PaymentCanceled: 1 });
  });
});

for (const point of ['payment.order.stored', 'payment.checkout.opened']) {
  test(`killed at ${point}, the same request gives one payment and its page`, async () => {
    const request = orderOf(stand);
    await killedAt(stand, point, ({ purchase }) => purchase.createPayment(request));
    // The one who held the request is gone; it is free again when its time is over.
    stand.bed.shiftClock(CLAIM_LEASE_MS);
    await running(stand, async ({ purchase }) => {
      const { payment } = await purchase.createPayment(request);
      assert.is(payment!.state, STATE_AUTHENTICATING);
      assert.is((await fetch(payment!.checkoutUrl)).status, 200);
    });
  });
}

test.after(stand.close);
test.run();
