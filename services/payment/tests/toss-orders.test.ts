// Orders that are paid at the page of Toss Payments.
import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { Attempt_State } from '@moa/contracts/payment/v1/payment';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { authenticated, lineOf, orderOf, placed, reached, refundOf, sumsOf } from './orders.js';
import { errorOf } from './support.js';
import { openTossStand } from './toss/stand.js';

const stand = await openTossStand('toss-orders');
const { toss } = stand;
const clients = stand.clients((await stand.start(stand.variables)).address);
const { orders, purchase } = clients;
const { STATE_APPROVED, STATE_CANCELED, STATE_PARTIALLY_REFUNDED, STATE_REFUNDED } = InstantPayment_State;

const paymentOf = (orderId: string) => toss.books.ofOrder(orderId);
const clearingOf = async (id: string) => (await sumsOf(stand, id))['PROVIDER_CLEARING'] ?? 0;

test('an order is paid at the page, given back in part, and the rest by the staff of Toss, which a webhook tells', async () => {
  stand.openDoor(clients.webhooks);
  const order = await placed(stand, clients);
  assert.is((await orders.confirmPayment(await authenticated(order), order.token)).payment!.state, STATE_APPROVED);
  assert.is(await clearingOf(order.id), 30_000);
  await purchase.refundPayment(refundOf(order, lineOf(order.request.shares[0]!, 10_000)));
  await reached(clients, order, STATE_PARTIALLY_REFUNDED);
  const { paymentKey, balanceAmount } = paymentOf(order.orderId);
  assert.is(balanceAmount, 20_000);
  toss.books.cancel(paymentKey, { cancelReason: '상점 관리자 취소' });
  await reached(clients, order, STATE_REFUNDED);
  assert.is(await clearingOf(order.id), 0);
  stand.openDoor(undefined);
});

for (const kind of ['TIMEOUT_AFTER_SUCCESS', 'TIMEOUT_BEFORE', 'ERROR_ONCE'] as const) {
  test(`an order whose confirmation has no certain answer (${kind}) is approved once`, async () => {
    const order = await placed(stand, clients);
    const confirmation = await authenticated(order, testCard(kind));
    await errorOf(orders.confirmPayment(confirmation, order.token));
    await reached(clients, order, STATE_APPROVED);
    assert.is(paymentOf(order.orderId).status, 'DONE');
    assert.is(await clearingOf(order.id), 30_000);
    assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1 });
  });
}

test('a webhook tells of an approval while its answer is still waited for', async () => {
  const patient = await stand.start({ ...stand.variables, PROVIDER_TIMEOUT_MS: '8000' });
  const own = stand.clients(patient.address);
  const order = await placed(stand, own);
  const confirmation = await authenticated(order, testCard('TIMEOUT_AFTER_SUCCESS'));
  stand.openDoor(own.webhooks);
  let answered = false;
  const confirming = errorOf(own.orders.confirmPayment(confirmation, order.token)).then(() => {
    answered = true;
  });
  await reached(own, order, STATE_APPROVED);
  assert.not.ok(answered);
  stand.openDoor(undefined);
  await confirming;
  await patient.stop();
});

test('a page whose buyer has agreed is closed when that has expired: Toss has no way to close it', async () => {
  const order = await placed(stand, clients);
  const confirmation = await authenticated(order, testCard('TIMEOUT_BEFORE'));
  assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PROVIDER_UNAVAILABLE');
  await purchase.cancelPayment({ requestId: randomUUID(), orderId: order.orderId, reason: '취소' });
  const before = toss.seen.length;
  await until(async () => toss.seen.length > before + 2);
  assert.is((await reached(clients, order, STATE_CANCELED)).attempts[0]!.state, Attempt_State.STATE_UNKNOWN, 'it may be on its way');
  toss.books.expire(paymentOf(order.orderId).paymentKey);
  await until(async () => (await reached(clients, order, STATE_CANCELED)).attempts[0]!.state === Attempt_State.STATE_DECLINED);
  assert.is(await clearingOf(order.id), 0);
});

test('an order in another currency is refused, and Toss is not asked', async () => {
  const before = toss.seen.length;
  const request = { ...orderOf(stand), amount: { currencyCode: 'USD', amountMinor: 30_000n } };
  assert.is(reasonOf(await errorOf(purchase.createPayment(request))), 'CURRENCY_WRONG');
  assert.is(toss.seen.length, before);
});

test.after(stand.close);
test.run();
