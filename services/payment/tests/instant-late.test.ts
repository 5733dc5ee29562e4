// Payments that are approved when nobody wants them any more.
import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { Attempt_State } from '@moa/contracts/payment/v1/payment';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { authenticated, MINUTE_MS, type Placed, paidOrder, placed, reached, share, sumsOf, won } from './orders.js';
import { errorOf, IMPATIENT, openStand } from './support.js';

const stand = await openStand('instant-late');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { orders, purchase, webhooks } = clients;
const { STATE_AUTHENTICATING, STATE_APPROVED, STATE_EXPIRED, STATE_CANCELED, STATE_REFUNDED } = InstantPayment_State;

const cancel = ({ orderId }: Placed) => purchase.cancelPayment({ requestId: randomUUID(), orderId, reason: '취소' });

/** Everything that was charged for it has been given back, and nothing of it is left in the books. */
async function givenBack(order: Placed): Promise<void> {
  await until(async () => (await stand.bookedOf(order.orderId)).length === 2);
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000', 'REFUND 30000']);
  await until(async () => Object.values(await sumsOf(stand, order.id)).every((sum) => sum === 0));
}

/** Approves at the provider, as a request of ours under this key does; gives the charge. */
async function approvedAt({ orderId }: Placed, paymentKey: string, key: string): Promise<string> {
  const body = { paymentKey, orderId, amountMinor: 30_000, currency: 'KRW' };
  return (await stand.ask<{ id: string }>('/v1/payments/confirm', body, key)).id;
}

test('not paid in time it expires, is told of, and cannot be paid any more', async () => {
  const order = await placed(stand, clients, { expireTime: new Date(stand.bed.now().getTime() + MINUTE_MS) });
  const confirmation = await authenticated(order);
  const paid = await paidOrder(stand, clients, { expireTime: new Date(stand.bed.now().getTime() + MINUTE_MS) });
  stand.bed.shiftClock(2 * MINUTE_MS);
  await reached(clients, order, STATE_EXPIRED);
  assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PAYMENT_EXPIRED');
  await until(async () => (await fetch(order.checkoutUrl)).status === 410);
  assert.is((await cancel(order)).payment!.state, STATE_EXPIRED);
  assert.equal(await stand.bookedOf(order.orderId), []);
  assert.equal(await stand.eventsOf(order.id), { PaymentExpired: 1 });
  assert.is((await reached(clients, paid, STATE_APPROVED)).state, STATE_APPROVED, 'what was paid does not expire');
});

test('approved while its answer got lost, and canceled meanwhile, it is given back by itself', async () => {
  const order = await placed(stand, clients);
  const confirmation = await authenticated(order, testCard('TIMEOUT_AFTER_SUCCESS'));
  assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PROVIDER_UNAVAILABLE');
  assert.is((await cancel(order)).payment!.state, STATE_CANCELED);
  await givenBack(order);
  const payment = await reached(clients, order, STATE_CANCELED);
  assert.equal([payment.refunded!.amountMinor, payment.attempts[0]!.state], [30_000n, Attempt_State.STATE_SUCCEEDED]);
  assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PAYMENT_CANCELED');
  // It never counted as paid.
  assert.equal(await stand.eventsOf(order.id), { PaymentCanceled: 1, PaymentRefunded: 1 });
  await stand.checkBooks();
});

test('one whose request never arrived is closed when it is canceled: nothing is charged at all', async () => {
  const order = await placed(stand, clients);
  const confirmation = await authenticated(order, testCard('TIMEOUT_BEFORE'));
  assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PROVIDER_UNAVAILABLE');
  await cancel(order);
  await until(async () => (await reached(clients, order, STATE_CANCELED)).attempts[0]!.state === Attempt_State.STATE_DECLINED);
  assert.equal(await stand.bookedOf(order.orderId), []);
  assert.equal(await stand.eventsOf(order.id), { PaymentCanceled: 1 });
});

for (const [state, what] of [
  ['UNKNOWN', 'that nobody had heard of'],
  ['DECLINED', 'that counted as refused'],
] as const) {
  test(`a webhook that comes after the cancel, of an approval ${what}, gives it back`, async () => {
    const order = await placed(stand, clients);
    const { paymentKey } = await authenticated(order);
    // Our request is on its way when the order is canceled, and arrives before the provider hears of the cancel.
    await stand.rows(
      `INSERT INTO confirmation (payment_id, number, payment_key, state, decline_code, due_time, create_time, settle_time)
        SELECT $1, 1, $2, $3, d.code, clock_timestamp() + interval '1 hour', now(), CASE WHEN d.code IS NOT NULL THEN now() END
        FROM (SELECT CASE WHEN $3 = 'DECLINED' THEN 'checkout_closed' END AS code) AS d`,
      order.id,
      paymentKey,
      state,
    );
    const chargeId = await approvedAt(order, paymentKey, `${order.id}:1`);
    await cancel(order);
    for (let times = 0; times < 2; times++) await webhooks.receiveWebhook(stand.webhook(chargeId, 'payment.approved'));
    await givenBack(order);
    assert.equal(await stand.eventsOf(order.id), { PaymentCanceled: 1, PaymentRefunded: 1 });
    await stand.checkBooks();
  });
}

test('what the provider approved in our name, and nobody had confirmed, goes back and pays for nothing', async () => {
  const order = await placed(stand, clients);
  const { paymentKey } = await authenticated(order);
  const chargeId = await approvedAt(order, paymentKey, `${order.id}:7`);
  await webhooks.receiveWebhook(stand.webhook(chargeId, 'payment.approved'));
  await until(async () => (await stand.bookedOf(order.orderId)).length === 2);
  await until(
    async () => (await stand.rows('SELECT FROM orphan WHERE provider_charge_id = $1 AND settle_time IS NOT NULL', chargeId)).length === 1,
  );
  assert.is((await reached(clients, order, STATE_AUTHENTICATING)).attempts.length, 0);
  assert.equal(await stand.ledgerOf(order.id), []);
  await stand.checkBooks();
});

test('a webhook that is faster than the answer approves a payment, once', async () => {
  const order = await placed(stand, clients);
  const confirming = orders.confirmPayment(await authenticated(order, testCard('SLOW', 6)), order.token);
  const { id: chargeId } = await until(async () => {
    const charge = await stand.chargeAt(order.id);
    return charge.id ? charge : undefined;
  });
  await webhooks.receiveWebhook(stand.webhook(chargeId, 'payment.approved'));
  await reached(clients, order, STATE_APPROVED);
  assert.is((await confirming).payment!.state, STATE_APPROVED);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1 });
  await stand.checkBooks();
});

test('confirmations raced with cancels: each order is paid, or canceled with nothing kept', async () => {
  const raced = await Promise.all(Array.from({ length: 12 }, () => placed(stand, clients)));
  const confirmations = await Promise.all(raced.map((order) => authenticated(order)));
  await Promise.all(
    raced.flatMap((order, nth) => [
      errorOf(orders.confirmPayment(confirmations[nth]!, order.token)),
      new Promise((resolve) => setTimeout(resolve, nth * 3)).then(() => until(() => cancel(order))),
    ]),
  );
  for (const order of raced) {
    const { payment } = await orders.getPayment({ orderId: order.orderId }, order.token);
    assert.ok(payment!.state === STATE_CANCELED || payment!.state === STATE_REFUNDED);
    await until(async () => Object.values(await sumsOf(stand, order.id)).every((sum) => sum === 0));
  }
  await stand.checkBooks();
});

test('confirmations raced with the end of their time: each order is paid, or expired with nothing kept', async () => {
  const expireTime = new Date(stand.bed.now().getTime() + MINUTE_MS);
  const raced = await Promise.all(
    Array.from({ length: 12 }, () => placed(stand, clients, { expireTime, amount: won(1_000), shares: [share(1_000)] })),
  );
  const confirmations = await Promise.all(raced.map((order, nth) => authenticated(order, testCard('SLOW', 1 + (nth % 6)))));
  const confirming = raced.map((order, nth) => errorOf(orders.confirmPayment(confirmations[nth]!, order.token)));
  stand.bed.shiftClock(2 * MINUTE_MS);
  await Promise.all(confirming);
  for (const order of raced) {
    const state = await until(async () => {
      const { payment } = await orders.getPayment({ orderId: order.orderId }, order.token);
      return [STATE_APPROVED, STATE_EXPIRED].find((ended) => ended === payment!.state);
    });
    if (state === STATE_APPROVED) assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 1000']);
    else await until(async () => Object.values(await sumsOf(stand, order.id)).every((sum) => sum === 0));
  }
  await stand.checkBooks();
});

test.after(stand.close);
test.run();
