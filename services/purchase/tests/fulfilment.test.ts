// The way of a paid order to its buyer: packed, sent, delivered, completed.
import { randomUUID } from 'node:crypto';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import { OrderCompleted, OrderDelivered, OrderPrepared, OrderShipped } from '@moa/contracts/purchase/v1/purchase_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { ADDRESS, bed, closeBed, openPurchase, refusal, sql } from './checkout-support.js';
import { lineStates, type PaidOrder, paidOrder, rowOf } from './fulfilment-support.js';

const peers = await openPeers();
const { orders, sales, stop } = await openPurchase(peers);
const PARCEL = { carrier: 'CJ대한통운', trackingNumber: '1234-5678' };

const prepare = async (order: PaidOrder, lineIds: string[] = [], line = order.line) =>
  sales.prepareOrder({ requestId: randomUUID(), orderId: order.id, lineIds }, await order.seller(line));
const ship = async (order: PaidOrder, lineIds: string[] = [], line = order.line, more = {}) =>
  sales.registerOrderShipment({ requestId: randomUUID(), orderId: order.id, lineIds, ...PARCEL, ...more }, await order.seller(line));
const confirm = async (order: PaidOrder, lineIds: string[] = []) =>
  orders.confirmOrderDelivery({ requestId: randomUUID(), id: order.id, lineIds }, await order.buyer());
const complete = async (order: PaidOrder, lineIds: string[] = []) =>
  orders.completeOrder({ requestId: randomUUID(), id: order.id, lineIds }, await order.buyer());

test('an order is packed, sent, confirmed and completed, each told once and in order', async () => {
  const heard = {
    prepared: await peers.events.listen(OrderPrepared),
    shipped: await peers.events.listen(OrderShipped),
    delivered: await peers.events.listen(OrderDelivered),
    completed: await peers.events.listen(OrderCompleted),
  };
  const order = await paidOrder([{ pointsMinor: 500, quantity: 2 }]);
  const { order: packed } = await prepare(order);
  assert.is(packed!.lines[0]!.state, Order_State.STATE_PREPARING);
  assert.equal(packed!.address, ADDRESS);
  const { order: sent } = await ship(order);
  assert.equal([sent!.lines[0]!.parcel!.carrier, sent!.lines[0]!.parcel!.trackingNumber], [PARCEL.carrier, PARCEL.trackingNumber]);
  const { order: corrected } = await ship(order, [order.line.id], order.line, { trackingNumber: '8765' });
  assert.equal(corrected!.lines[0]!.parcel, { ...sent!.lines[0]!.parcel!, trackingNumber: '8765' });
  assert.is((await confirm(order)).order!.state, Order_State.STATE_DELIVERED);
  const request = { requestId: randomUUID(), id: order.id, lineIds: [] };
  const done = await orders.completeOrder(request, await order.buyer());
  assert.is(done.order!.state, Order_State.STATE_COMPLETED);
  assert.ok(done.order!.endTime);
  assert.equal(await orders.completeOrder(request, await order.buyer()), done, 'the same request again, the same answer');
  assert.is((await rowOf(order)).version, 6);

  await until(() => heard.completed.length === 1);
  assert.equal([heard.prepared.length, heard.shipped.length, heard.delivered.length], [1, 2, 1]);
  const [line] = heard.completed[0]!.lines;
  assert.equal(
    [line!.lineId, line!.quantity, line!.paid!.amountMinor, line!.pointsMinor, line!.completed],
    [order.line.id, 2, 19_500n, 500n, false],
  );
  assert.equal(heard.shipped[0]!.shipTime, heard.shipped[1]!.shipTime);
  const { orders: listed } = await sales.listSellerOrders({ state: 0, pageSize: 0, pageToken: '' }, await order.seller());
  assert.is(listed[0]!.address, undefined, 'who has nothing to send any more does not see where it went');
});

test('lines of several sellers go each their own way; the order is as far as the least far of them', async () => {
  const order = await paidOrder([{}, {}]);
  const [one, two] = order.lines;
  await ship(order, [], one);
  assert.equal(await lineStates(order), ['SHIPPED', 'PAID']);
  assert.is((await rowOf(order)).state, 'PAID');
  assert.is(await refusal(prepare(order, [two!.id], one)), 'LINE_NOT_FOUND', "another seller's line");
  await prepare(order, [], two);
  assert.is((await rowOf(order)).state, 'PREPARING');
  await confirm(order);
  assert.equal(await lineStates(order), ['DELIVERED', 'PREPARING'], 'what was not sent has not arrived');
  await complete(order);
  assert.is((await rowOf(order)).endTime, null);
  await ship(order, [], two);
  await confirm(order);
  await complete(order, [two!.id]);
  assert.is((await rowOf(order)).state, 'COMPLETED');
});

test('steps out of their order are refused, and change nothing', async () => {
  const order = await paidOrder();
  assert.is(await refusal(confirm(order)), 'LINE_NOT_ON_ITS_WAY');
  assert.is(await refusal(complete(order)), 'LINE_NOT_DELIVERED');
  await ship(order);
  assert.is(await refusal(prepare(order)), 'LINE_NOT_TO_PREPARE');
  assert.is(await refusal(ship(order)), 'LINE_NOT_TO_SHIP', 'a correction names its lines');
  assert.is(await refusal(complete(order)), 'LINE_NOT_DELIVERED');
  await confirm(order);
  assert.is(await refusal(confirm(order)), 'LINE_NOT_ON_ITS_WAY');
  assert.is(await refusal(ship(order, [order.line.id])), 'LINE_NOT_TO_SHIP', 'it is there');
  await complete(order);
  assert.is(await refusal(complete(order)), 'LINE_NOT_DELIVERED');
  assert.is((await rowOf(order)).version, 4);
});

test("nobody steps on another person's order, and a seller sees nothing of what is not paid", async () => {
  const order = await paidOrder();
  const [stranger, seller] = [await bed.as(randomUUID()), await bed.as(randomUUID(), 'SELLER')];
  const [id, orderId, requestId] = [order.id, order.id, randomUUID()];
  const all = { lineIds: [] };
  const why = { reason: '변심' };
  assert.is(await refusal(orders.confirmOrderDelivery({ requestId, id, ...all }, stranger)), 'ORDER_NOT_FOUND');
  assert.is(await refusal(orders.completeOrder({ requestId, id, ...all }, stranger)), 'ORDER_NOT_FOUND');
  assert.is(await refusal(orders.cancelOrder({ requestId, id, ...all, ...why }, stranger)), 'ORDER_NOT_FOUND');
  const lineIds = [order.line.id];
  assert.is(await refusal(orders.requestReturn({ requestId, orderId, lineIds, ...why }, stranger)), 'ORDER_NOT_FOUND');
  assert.is(await refusal(sales.prepareOrder({ requestId, orderId, ...all }, seller)), 'ORDER_NOT_FOUND');
  assert.is(await refusal(sales.registerOrderShipment({ requestId, orderId, ...all, ...PARCEL }, seller)), 'ORDER_NOT_FOUND');
  assert.is(await refusal(sales.cancelOrderLines({ requestId, orderId, lineIds, ...why }, seller)), 'ORDER_NOT_FOUND');
  await sql.query('UPDATE "order" SET pay_time = NULL WHERE id = $1', [order.id]);
  assert.is(await refusal(prepare(order)), 'ORDER_NOT_FOUND');
  assert.equal((await sales.listSellerOrders({ state: 0, pageSize: 0, pageToken: '' }, await order.seller())).orders, []);
  assert.equal(await lineStates(order), ['PAID']);
});

test('a parcel that nobody confirms counts as delivered after 14 days, and is completed a week later', async () => {
  const order = await paidOrder([{}, {}]);
  await ship(order);
  const age = (column: string, days: number) =>
    sql.query(`UPDATE order_line SET ${column} = ${column} - make_interval(days => $2) WHERE id = $1`, [order.line.id, days]);
  await age('ship_time', 13);
  // Of another order, as proof that the job has come by.
  const other = await paidOrder();
  await ship(other);
  await sql.query(`UPDATE order_line SET ship_time = ship_time - interval '14 days' WHERE id = $1`, [other.line.id]);
  await until(async () => (await lineStates(other))[0] === 'DELIVERED');
  assert.equal(await lineStates(order), ['SHIPPED', 'PAID']);
  await age('ship_time', 1);
  await until(async () => (await lineStates(order))[0] === 'DELIVERED');
  await age('delivery_time', 7);
  await until(async () => (await lineStates(order))[0] === 'COMPLETED');
  assert.equal(await lineStates(order), ['COMPLETED', 'PAID']);
});

test('of two shipments at once, each is told, and none is lost', async () => {
  const order = await paidOrder([{}, {}, {}, {}]);
  await Promise.all(order.lines.map((line) => ship(order, [line.id], line)));
  assert.equal(await lineStates(order), ['SHIPPED', 'SHIPPED', 'SHIPPED', 'SHIPPED']);
  assert.equal(await rowOf(order), { state: 'SHIPPED', refunded: 0, version: 5, endTime: null });
});

test.after(() => closeBed(stop, peers.stop));
test.run();
