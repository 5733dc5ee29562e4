import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { Attempt_State, Refund_State } from '@moa/contracts/payment/v1/payment';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { authenticated, orderOf, paidOrder, payAt, placed, reached, share, sumsOf, won } from './orders.js';
import { errorOf, IMPATIENT, openStand } from './support.js';

const stand = await openStand('instant');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { orders, purchase } = clients;
const { STATE_AUTHENTICATING, STATE_APPROVED, STATE_FAILED, STATE_CANCELED, STATE_REFUNDED } = InstantPayment_State;

test('an order is paid at the page, confirmed once, stands in the ledger and is told of', async () => {
  const order = await placed(stand, clients);
  const { payment: before } = await orders.getPayment({ orderId: order.orderId }, order.token);
  assert.is(before!.state, STATE_AUTHENTICATING);

  const back = await payAt(order.checkoutUrl);
  assert.is(back.origin + back.pathname, 'https://shop.example/paid');
  assert.equal(
    ['from', 'orderId', 'amount'].map((name) => back.searchParams.get(name)),
    ['moa', order.orderId, '30000'],
  );
  const confirmation = {
    requestId: randomUUID(),
    orderId: order.orderId,
    paymentKey: back.searchParams.get('paymentKey')!,
    amount: order.amount,
  };
  const { payment } = await orders.confirmPayment(confirmation, order.token);
  assert.is(payment!.state, STATE_APPROVED);
  assert.ok(payment!.endTime);
  assert.equal(
    payment!.attempts.map(({ number, state }) => [number, state]),
    [[1, Attempt_State.STATE_SUCCEEDED]],
  );
  assert.equal(await sumsOf(stand, order.id), {
    PROVIDER_CLEARING: 30_000,
    PLATFORM_FEE: -1_500,
    PROVIDER_FEE: -720,
    [`SELLER_PAYABLE ${order.request.shares[0]!.sellerId}`]: -27_780,
  });
  // The same again, by the same request and by another.
  assert.equal((await orders.confirmPayment(confirmation, order.token)).payment, payment);
  assert.equal((await orders.confirmPayment({ ...confirmation, requestId: randomUUID() }, order.token)).payment, payment);
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000']);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1 });
  await stand.checkBooks();
});

test('20 confirmations at once are one approval', async () => {
  const order = await placed(stand, clients);
  const confirmation = await authenticated(order);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => orders.confirmPayment({ ...confirmation, requestId: randomUUID() }, order.token)),
  );
  for (const { payment } of answers) assert.is(payment!.state, STATE_APPROVED);
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000']);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1 });
  await stand.checkBooks();
});

test('another amount, another order and an unknown key are refused before anything is approved', async () => {
  const [order, other] = [await placed(stand, clients), await placed(stand, clients, { amount: won(5_000), shares: [share(5_000)] })];
  const confirmation = await authenticated(order);
  const refusalOf = async (more: object) =>
    reasonOf(await errorOf(orders.confirmPayment({ ...confirmation, requestId: randomUUID(), ...more }, order.token)));
  assert.is(await refusalOf({ amount: won(29_999) }), 'AMOUNT_MISMATCH');
  assert.is(await refusalOf({ amount: { currencyCode: 'USD', amountMinor: 30_000n } }), 'AMOUNT_MISMATCH');
  assert.is(await refusalOf({ paymentKey: 'pay_nobodys' }), 'PAYMENT_KEY_MISMATCH');
  assert.is(await refusalOf({ paymentKey: (await authenticated(other)).paymentKey }), 'PAYMENT_KEY_MISMATCH');
  assert.equal(await stand.bookedOf(order.orderId), []);
  assert.is((await orders.confirmPayment(confirmation, order.token)).payment!.state, STATE_APPROVED);
  // Paid with one key, it is not paid again with another.
  assert.is(await refusalOf({ paymentKey: 'pay_another' }), 'PAYMENT_KEY_MISMATCH');
});

test("nobody confirms, or sees, another person's payment", async () => {
  const order = await placed(stand, clients);
  const stranger = await stand.bed.as(randomUUID());
  assert.is(reasonOf(await errorOf(orders.confirmPayment(await authenticated(order), stranger))), 'PAYMENT_NOT_FOUND');
  assert.is(reasonOf(await errorOf(orders.getPayment({ orderId: order.orderId }, stranger))), 'PAYMENT_NOT_FOUND');
  assert.equal((await orders.listPayments({ pageSize: 0, pageToken: '' }, stranger)).payments, []);
  const { payments } = await orders.listPayments({ pageSize: 0, pageToken: '' }, order.token);
  assert.equal(
    payments.map(({ orderId }) => orderId),
    [order.orderId],
  );
  assert.equal((await clients.payments.listPayments({ pageSize: 0, pageToken: '' }, order.token)).payments, [], 'pledges are listed apart');
});

test('one payment for each order: the same again is the same, another is refused, and what does not add up, too', async () => {
  const request = orderOf(stand);
  const { payment } = await purchase.createPayment(request);
  assert.equal((await purchase.createPayment(request)).payment, payment);
  assert.equal((await purchase.createPayment({ ...request, requestId: randomUUID() })).payment, payment);
  const refusalOf = async (more: object) => reasonOf(await errorOf(purchase.createPayment({ ...orderOf(stand), ...more })));
  assert.is(await refusalOf({ ...request, requestId: randomUUID(), orderName: '다른 주문' }), 'ORDER_CHANGED');
  assert.is(await refusalOf({ ...request, requestId: randomUUID(), shares: [share(30_000)] }), 'ORDER_CHANGED');
  assert.is(await refusalOf({ amount: won(29_000) }), 'SHARES_DO_NOT_ADD_UP');
  assert.is(await refusalOf({ shares: [share(30_000), share(1_000, { pointsMinor: 2_000n })] }), 'SHARES_DO_NOT_ADD_UP');
  const twice = share(15_000);
  assert.is(await refusalOf({ shares: [twice, twice] }), 'SELLER_TWICE');
  assert.is(await refusalOf({ expireTime: stand.bed.now() }), 'EXPIRE_TIME_WRONG');
  assert.is(reasonOf(await errorOf(orders.createPayment(orderOf(stand), await stand.bed.as(request.payerId)))), 'CALLER_NOT_ALLOWED');
});

test('a buyer who cancels at the page comes back with a code, and may pay after all', async () => {
  const order = await placed(stand, clients);
  const body = new URLSearchParams({ action: 'cancel' });
  const response = await fetch(order.checkoutUrl, { method: 'POST', redirect: 'manual', body });
  const back = new URL(response.headers.get('location')!);
  assert.is(back.searchParams.get('code'), 'PAY_PROCESS_CANCELED');
  assert.is(back.searchParams.get('paymentKey'), null);
  assert.is((await orders.confirmPayment(await authenticated(order), order.token)).payment!.state, STATE_APPROVED);
});

test('after a decline the buyer tries another card at the same page', async () => {
  const order = await placed(stand, clients);
  const declining = await authenticated(order, testCard('DECLINE'));
  assert.is(reasonOf(await errorOf(orders.confirmPayment(declining, order.token))), 'PAYMENT_DECLINED');
  assert.is(reasonOf(await errorOf(orders.confirmPayment(declining, order.token))), 'PAYMENT_DECLINED', 'the same answer again');
  const { payment: failed } = await orders.getPayment({ orderId: order.orderId }, order.token);
  assert.is(failed!.state, STATE_FAILED);
  assert.equal(
    failed!.attempts.map(({ state, declineCode }) => [state, declineCode]),
    [[Attempt_State.STATE_DECLINED, 'insufficient_funds']],
  );
  const { payment } = await orders.confirmPayment(await authenticated(order), order.token);
  assert.equal([payment!.state, payment!.attempts.length], [STATE_APPROVED, 2]);
  assert.equal(await stand.eventsOf(order.id), { PaymentFailed: 1, PaymentCompleted: 1 });
  await stand.checkBooks();
});

for (const kind of ['TIMEOUT_AFTER_SUCCESS', 'TIMEOUT_BEFORE', 'ERROR_ONCE'] as const) {
  test(`with ${kind} the outcome is unknown and says so, and is then settled by asking, once`, async () => {
    const order = await placed(stand, clients);
    const confirmation = await authenticated(order, testCard(kind));
    assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PROVIDER_UNAVAILABLE');
    // Nobody asks again: the service does by itself.
    const payment = await reached(clients, order, STATE_APPROVED);
    assert.is(payment.attempts.length, 1);
    assert.is((await orders.confirmPayment(confirmation, order.token)).payment!.state, STATE_APPROVED);
    assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000']);
    assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1 });
    await stand.checkBooks();
  });
}

test('while an outcome is unknown, no other key is tried', async () => {
  const order = await placed(stand, clients);
  const [hanging, other] = [await authenticated(order, testCard('SLOW', 8)), await authenticated(order)];
  const confirming = orders.confirmPayment(hanging, order.token);
  await until(async () => (await orders.getPayment({ orderId: order.orderId }, order.token)).payment!.attempts.length === 1);
  assert.is(reasonOf(await errorOf(orders.confirmPayment(other, order.token))), 'CONFIRMATION_OPEN');
  await confirming;
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000']);
});

test('canceled before it is paid, it is told of, and cannot be paid any more', async () => {
  const order = await placed(stand, clients);
  const confirmation = await authenticated(order);
  const request = { requestId: randomUUID(), orderId: order.orderId, reason: '재고 없음' };
  const { payment } = await purchase.cancelPayment(request);
  assert.is(payment!.state, STATE_CANCELED);
  assert.equal((await purchase.cancelPayment(request)).payment, payment);
  assert.is((await purchase.cancelPayment({ ...request, requestId: randomUUID() })).payment!.state, STATE_CANCELED);
  assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PAYMENT_CANCELED');
  // The page knows it as well.
  await until(async () => (await fetch(order.checkoutUrl)).status === 410);
  assert.equal(await stand.bookedOf(order.orderId), []);
  assert.equal(await stand.eventsOf(order.id), { PaymentCanceled: 1 });
});

test('canceled after it was paid, all of it is given back', async () => {
  const order = await paidOrder(stand, clients);
  const { payment } = await purchase.cancelPayment({ requestId: randomUUID(), orderId: order.orderId, reason: '변심' });
  assert.is(payment!.state, STATE_REFUNDED);
  assert.equal(
    payment!.refunds.map(({ state, reason, amount }) => [state, reason, amount!.amountMinor]),
    [[Refund_State.STATE_SETTLED, '변심', 30_000n]],
  );
  assert.is(
    reasonOf(await errorOf(purchase.cancelPayment({ requestId: randomUUID(), orderId: randomUUID(), reason: 'x' }))),
    'PAYMENT_NOT_FOUND',
  );
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 30000', 'REFUND 30000']);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1, PaymentRefunded: 1 });
  await stand.checkBooks();
});

test.after(stand.close);
test.run();
