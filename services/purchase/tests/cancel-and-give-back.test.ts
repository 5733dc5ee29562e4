// Lines are taken back before they were sent: what was paid for them goes back where it came from, once and to the last won.
import { randomUUID } from 'node:crypto';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import { OrderCanceled, OrderRefunded } from '@moa/contracts/purchase/v1/purchase_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { bed, closeBed, goods, openPurchase, orderOf, refusal, sql, stockOf } from './checkout-support.js';
import { givenBacks, isAllGivenBack, lineStates, onShelf, type PaidLine, type PaidOrder, paidOrder, rowOf } from './fulfilment-support.js';

const peers = await openPeers();
const { orders, sales, stop } = await openPurchase(peers);

const cancel = async (order: PaidOrder, lines: readonly PaidLine[] = [], more = {}) =>
  orders.cancelOrder(
    { requestId: randomUUID(), id: order.id, lineIds: lines.map(({ id }) => id), reason: '변심', ...more },
    await order.buyer(),
  );
const cancelSold = async (order: PaidOrder, lines: readonly PaidLine[]) =>
  sales.cancelOrderLines(
    { requestId: randomUUID(), orderId: order.id, lineIds: lines.map(({ id }) => id), reason: '품절' },
    await order.seller(lines[0]),
  );
const prepare = async (order: PaidOrder) =>
  sales.prepareOrder({ requestId: randomUUID(), orderId: order.id, lineIds: [] }, await order.seller());
const refundsOf = ({ id }: PaidOrder) => [...peers.refunds.values()].filter(({ orderId }) => orderId === id);
const pointsOf = ({ id }: PaidOrder) => [...peers.returnedPoints.values()].filter(({ holderId }) => holderId === id);
const couponsOf = ({ id }: PaidOrder) => [...peers.returnedCoupons.values()].filter(({ holderId }) => holderId === id);
const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

test('a canceled order gives money, points and coupons back, restocks, and tells of it', async () => {
  const [canceled, refunded] = [await peers.events.listen(OrderCanceled), await peers.events.listen(OrderRefunded)];
  const coupon = randomUUID();
  const order = await paidOrder([{ quantity: 3, coupons: { [coupon]: 1_000 }, pointsMinor: 777 }]);
  const request = { requestId: randomUUID() };
  const first = await cancel(order, [], request);
  assert.is(first.order!.state, Order_State.STATE_CANCELED);
  assert.is(first.order!.cancelReason, '변심');
  assert.ok(first.order!.endTime);
  assert.equal(await cancel(order, [], request), first, 'the same request again, the same answer');
  assert.is(await refusal(cancel(order)), 'LINE_NOT_CANCELABLE');
  await until(() => isAllGivenBack(order));
  assert.equal(await onShelf(order), [3]);
  assert.equal(
    refundsOf(order).map(({ amount, lines, reason }) => ({ amount: amount!.amountMinor, lines, reason })),
    [
      {
        amount: 28_223n,
        reason: '변심',
        lines: [
          {
            sellerId: order.line.sellerId,
            amountMinor: 28_223n,
            discounts: { platformCouponMinor: 1_000n, sellerCouponMinor: 0n, pointsMinor: 777n },
          },
        ],
      },
    ],
  );
  assert.equal(
    pointsOf(order).map(({ amountMinor }) => amountMinor),
    [777n],
  );
  assert.equal(
    couponsOf(order).map(({ discounts, inFull }) => ({ discounts, inFull })),
    [{ discounts: [{ couponId: coupon, discountMinor: 1_000n }], inFull: true }],
  );
  assert.is((await rowOf(order)).refunded, 28_223);
  await until(() => refunded.length === 1);
  assert.equal([canceled.length, canceled[0]!.lineIds, refunded[0]!.refunded!.amountMinor], [1, [order.line.id], 28_223n]);
});

test('line by line, all that comes back is what was paid, to the last won', async () => {
  const [one, two] = [randomUUID(), randomUUID()];
  const seller = randomUUID();
  const order = await paidOrder([
    { sellerId: seller, priceMinor: 3_333, coupons: { [one]: 333, [two]: 1 }, pointsMinor: 7 },
    { sellerId: seller, priceMinor: 6_667, coupons: { [one]: 667 }, pointsMinor: 13 },
    { priceMinor: 101, quantity: 3, coupons: { [two]: 2 }, bySeller: true, pointsMinor: 301 },
  ]);
  await cancel(order, [order.lines[1]!]);
  await cancelSold(order, [order.lines[0]!]);
  assert.equal(await lineStates(order), ['CANCELED', 'CANCELED', 'PAID']);
  assert.is((await rowOf(order)).state, 'PAID');
  await until(() => isAllGivenBack(order));
  assert.equal(
    couponsOf(order).map(({ inFull }) => inFull),
    [false, false],
  );
  await cancel(order);
  await until(() => isAllGivenBack(order));
  assert.is((await rowOf(order)).state, 'CANCELED');
  assert.equal(
    refundsOf(order).map(({ amount }) => amount!.amountMinor),
    [5_987n, 2_992n, 0n],
    'the last line costs no money: coupons and points alone come back',
  );
  const parts = refundsOf(order).flatMap(({ lines }) => lines);
  assert.is(sum(parts.map((part) => part.amountMinor)), BigInt((await rowOf(order)).refunded));
  assert.is(sum(parts.map(({ discounts }) => discounts!.platformCouponMinor)), 1_001n);
  assert.is(sum(parts.map(({ discounts }) => discounts!.sellerCouponMinor)), 2n);
  assert.is(sum(parts.map(({ discounts }) => discounts!.pointsMinor)), 321n);
  assert.is(sum(pointsOf(order).map(({ amountMinor }) => amountMinor)), 321n);
  const ofCoupon = (id: string) =>
    sum(couponsOf(order).flatMap(({ discounts }) => discounts.filter(({ couponId }) => couponId === id).map((made) => made.discountMinor)));
  assert.equal([ofCoupon(one), ofCoupon(two)], [1_000n, 3n]);
  assert.is(couponsOf(order).at(-1)!.inFull, true);
});

test('parts of several sellers go back in one refund, each named once', async () => {
  const order = await paidOrder([{}, { priceMinor: 500 }]);
  await cancel(order);
  await until(() => isAllGivenBack(order));
  const [refund] = refundsOf(order);
  assert.is(refund!.amount!.amountMinor, 10_500n);
  assert.equal(
    new Map(refund!.lines.map(({ sellerId, amountMinor }) => [sellerId, amountMinor])),
    new Map(order.lines.map(({ sellerId, paidMinor }) => [sellerId, BigInt(paidMinor)])),
  );
  assert.equal([pointsOf(order).length, couponsOf(order).length], [0, 0], 'who has nothing to give back is not asked');
});

test('a coupon that took nothing off the last line comes back with it', async () => {
  const coupon = randomUUID();
  const order = await paidOrder([{ coupons: { [coupon]: 100 } }, {}]);
  await cancel(order, [order.lines[0]!]);
  await cancel(order);
  await until(() => isAllGivenBack(order));
  assert.equal(
    couponsOf(order).map(({ discounts, inFull }) => [discounts.length, inFull]),
    [
      [1, false],
      [0, true],
    ],
  );
});

test('once its seller packs a line, the buyer cannot cancel it, the seller can; after it was sent, neither', async () => {
  const order = await paidOrder([{}, {}]);
  const [packed, other] = order.lines;
  await prepare(order);
  assert.is(await refusal(cancel(order)), 'LINE_NOT_CANCELABLE', 'all of it includes what is packed');
  assert.is(await refusal(cancel(order, [packed!])), 'LINE_NOT_CANCELABLE');
  assert.is(await refusal(cancel(order, [other!, packed!])), 'LINE_NOT_CANCELABLE');
  assert.is(await refusal(cancel(order, [(await paidOrder()).line])), 'LINE_NOT_FOUND');
  assert.equal(await lineStates(order), ['PREPARING', 'PAID']);
  await cancel(order, [other!]);
  await cancelSold(order, [packed!]);
  assert.is((await rowOf(order)).state, 'CANCELED');
  const sent = await paidOrder();
  await sales.registerOrderShipment(
    { requestId: randomUUID(), orderId: sent.id, lineIds: [], carrier: 'x', trackingNumber: '1' },
    await sent.seller(),
  );
  assert.is(await refusal(cancel(sent)), 'LINE_NOT_CANCELABLE');
  assert.is(await refusal(cancelSold(sent, [sent.line])), 'LINE_SENT');
  assert.is(await givenBacks(sent), 0);
});

test('of cancels at once, each line is taken back by one, and given back once', async () => {
  for (let round = 0; round < 5; round++) {
    const order = await paidOrder([{ pointsMinor: 10 }, { pointsMinor: 20 }]);
    const ways = [cancel(order), cancel(order), cancel(order, [order.lines[0]!]), cancelSold(order, [order.lines[0]!])];
    const outcomes = await Promise.allSettled(ways);
    assert.ok(outcomes.some(({ status }) => status === 'fulfilled'));
    await cancel(order).catch(() => {});
    await until(() => isAllGivenBack(order));
    assert.equal(await lineStates(order), ['CANCELED', 'CANCELED']);
    assert.equal(await onShelf(order), [1, 1]);
    assert.is(sum(refundsOf(order).map(({ amount }) => amount!.amountMinor)), 19_970n);
    assert.is(sum(pointsOf(order).map(({ amountMinor }) => amountMinor)), 30n);
    assert.is((await rowOf(order)).refunded, 19_970);
  }
});

test('of a cancel and a packing at once, one wins', async () => {
  for (let round = 0; round < 8; round++) {
    const order = await paidOrder();
    const ways = round % 2 ? [cancel(order), prepare(order)] : [prepare(order), cancel(order)];
    const outcomes = await Promise.allSettled(ways);
    assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    const [state] = await lineStates(order);
    assert.ok(state === 'CANCELED' || state === 'PREPARING');
    assert.is(await givenBacks(order), state === 'CANCELED' ? 1 : 0);
    assert.equal(await onShelf(order), [state === 'CANCELED' ? 1 : 0]);
  }
});

test('what is in the way is waited for, step by step, and what is done is not asked for again', async () => {
  const order = await paidOrder([{ pointsMinor: 5, coupons: { [randomUUID()]: 5 } }]);
  peers.failing.set('returnPoints', 'AWAY');
  await cancel(order);
  const failures = async () =>
    (await sql.query('SELECT failures, payment, points, coupons FROM give_back WHERE order_id = $1', [order.id])).rows[0];
  await until(async () => (await failures()).failures > 0);
  assert.equal([(await failures()).payment, (await failures()).points, (await failures()).coupons], ['DONE', 'OPEN', 'OPEN']);
  const [asked] = [peers.calls.get('refundPayment')!];
  peers.failing.delete('returnPoints');
  bed.shiftClock(10_000);
  await until(() => isAllGivenBack(order));
  assert.is(peers.calls.get('refundPayment'), asked);
  assert.equal([pointsOf(order).length, couponsOf(order).length], [1, 1]);
});

test('what is given back of an order later waits for what came before it', async () => {
  const coupon = randomUUID();
  const order = await paidOrder([{ coupons: { [coupon]: 5 } }, { coupons: { [coupon]: 6 } }]);
  peers.failing.set('returnCoupons', 'AWAY');
  await cancel(order, [order.lines[0]!]);
  await until(async () => (await rowOf(order)).refunded === 9_995);
  await cancel(order);
  // Of another order, as proof that the job has come by.
  const other = await paidOrder();
  await cancel(other);
  await until(() => isAllGivenBack(other));
  assert.is(refundsOf(order).length, 1);
  peers.failing.delete('returnCoupons');
  bed.shiftClock(10_000);
  await until(() => isAllGivenBack(order));
  assert.equal(
    couponsOf(order).map(({ inFull }) => inFull),
    [false, true],
  );
});

test('points and coupons wait until the order has taken them; money does not', async () => {
  const order = await paidOrder([{ pointsMinor: 5 }], { checkout: 'STUCK' });
  await cancel(order);
  await until(async () => (await rowOf(order)).refunded === 9_995);
  await until(async () => (await sql.query('SELECT FROM give_back WHERE order_id = $1 AND failures > 0', [order.id])).rowCount === 1);
  assert.equal(pointsOf(order), []);
  await sql.query(`UPDATE checkout SET state = 'DONE' WHERE order_id = $1`, [order.id]);
  bed.shiftClock(60_000);
  await until(() => isAllGivenBack(order));
  assert.is(pointsOf(order).length, 1);
});

test('how much of an order has been given back only grows, whoever tells it first', async () => {
  const refunded = await peers.events.listen(OrderRefunded);
  const order = await paidOrder();
  await peers.tellRefunded(order.id, 7_000n);
  await until(async () => (await rowOf(order)).refunded === 7_000);
  await peers.tellRefunded(order.id, 3_000n);
  await cancel(order);
  await until(() => isAllGivenBack(order));
  await peers.tellRefunded(order.id, 10_000n);
  await until(() => refunded.filter(({ orderId }) => orderId === order.id).length === 2);
  assert.equal(
    refunded.filter(({ orderId }) => orderId === order.id).map((told) => told.refunded!.amountMinor),
    [7_000n, 10_000n],
  );
  assert.is((await sql.query('SELECT FROM kit.failed_event')).rowCount, 0);
});

test('an order that the bank took back is not sent any more; what was not sent is taken back, and payment has nothing to give', async () => {
  const order = await paidOrder([{ pointsMinor: 100 }, {}]);
  await sales.registerOrderShipment(
    { requestId: randomUUID(), orderId: order.id, lineIds: [], carrier: 'x', trackingNumber: '1' },
    await order.seller(order.lines[1]),
  );
  peers.failing.set('refundPayment', 'PAYMENT_CHARGED_BACK');
  await peers.chargeBack(order.id);
  await until(() => isAllGivenBack(order));
  peers.failing.delete('refundPayment');
  assert.equal(await lineStates(order), ['CANCELED', 'SHIPPED']);
  assert.equal([(await rowOf(order)).refunded, (await onShelf(order))[0], pointsOf(order).length], [0, 1, 1]);
  const unsent = await paidOrder();
  await sql.query('UPDATE "order" SET charged_back = true WHERE id = $1', [unsent.id]);
  assert.is(await refusal(prepare(unsent)), 'ORDER_CHARGED_BACK');
});

test('an order from its checkout: canceled unpaid it gives back what it held, canceled paid what it took', async () => {
  const cup = await goods({ stock: 2 });
  const who = randomUUID();
  const buyer = await bed.as(who);
  const cancelIt = (id: string) => orders.cancelOrder({ requestId: randomUUID(), id, lineIds: [], reason: '' }, buyer);
  const unpaid = await orders.checkout(orderOf([cup, await goods()], { couponIds: [randomUUID()], pointsMinor: 10n }), buyer);
  const part = { requestId: randomUUID(), id: unpaid.order!.id, lineIds: [unpaid.order!.lines[0]!.id], reason: '' };
  assert.is(await refusal(orders.cancelOrder(part, buyer)), 'ORDER_NOT_PAID');
  assert.is((await cancelIt(unpaid.order!.id)).order!.state, Order_State.STATE_CANCELED);
  assert.is((await cancelIt(unpaid.order!.id)).order!.state, Order_State.STATE_CANCELED, 'once more changes nothing');
  assert.equal([peers.coupons.get(unpaid.order!.id), peers.points.get(unpaid.order!.id)!.state], ['RELEASED', 'RELEASED']);
  const paid = await orders.checkout(orderOf([cup], { couponIds: [randomUUID()], pointsMinor: 10n }), buyer);
  const id = paid.order!.id;
  await peers.pay(id);
  await until(async () => (await orders.getOrder({ id }, buyer)).order!.state === Order_State.STATE_PAID);
  await cancelIt(id);
  await until(async () => (await orders.getOrder({ id }, buyer)).order!.refunded!.amountMinor === 8_990n);
  await until(() => [...peers.returnedCoupons.values()].some(({ holderId, inFull }) => holderId === id && inFull));
  assert.ok([...peers.returnedPoints.values()].some(({ holderId, amountMinor }) => holderId === id && amountMinor === 10n));
  assert.equal(await stockOf(cup), { onHand: 2, reserved: 0 });
});

test.after(() => closeBed(stop, peers.stop));
test.run();
