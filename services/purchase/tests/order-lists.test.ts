// Orders as sellers list them, and other services.
import { randomUUID } from 'node:crypto';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { bed, closeBed, goods, openPurchase, orderOf, refusal, sql } from './checkout-support.js';
import { paidOrder } from './fulfilment-support.js';

const peers = await openPeers();
const { orders, sales, address, stop } = await openPurchase(peers);
const asPayment = bed.connect(OrderServiceDefinition, address, { as: 'payment' });
const asUser = bed.connect(OrderServiceDefinition, address, { as: 'user' });

test('a seller sees orders with lines of its own, and only these lines, newest first, page by page, and by state', async () => {
  const sellerId = randomUUID();
  const seller = await bed.as(sellerId, 'SELLER');
  const sold = [];
  // The second has two lines of the seller, and is listed once.
  for (const plans of [[{ sellerId }], [{ sellerId }, {}, { sellerId }], [{ sellerId }]]) sold.push(await paidOrder(plans));
  const list = async (state: Order_State, pageSize = 0) => {
    const seen: [string, string[]][] = [];
    let pageToken = '';
    do {
      const page = await sales.listSellerOrders({ state, pageSize, pageToken }, seller);
      seen.push(...page.orders.map(({ orderId, lines }): [string, string[]] => [orderId, lines.map(({ id }) => id)]));
      pageToken = page.nextPageToken;
    } while (pageToken);
    return seen;
  };
  const [first, second, third] = sold.map(({ id, lines }): [string, string[]] => [
    id,
    lines.filter((line) => line.sellerId === sellerId).map((line) => line.id),
  ]);
  for (const pageSize of [0, 1, 2]) assert.equal(await list(Order_State.STATE_UNSPECIFIED, pageSize), [third, second, first]);
  await sales.prepareOrder({ requestId: randomUUID(), orderId: first![0], lineIds: [] }, seller);
  assert.equal(await list(Order_State.STATE_PREPARING), [first]);
  assert.equal(await list(Order_State.STATE_PAID, 1), [third, second]);
  assert.equal(await list(Order_State.STATE_DELIVERED), []);
  const { nextPageToken } = await sales.listSellerOrders({ state: 0, pageSize: 1, pageToken: '' }, seller);
  const another = await bed.as(randomUUID(), 'SELLER');
  assert.is(await refusal(sales.listSellerOrders({ state: 0, pageSize: 1, pageToken: nextPageToken }, another)), 'PAGE_TOKEN_INVALID');
});

test('payment is told of every order that was paid what of its money is held, and of no other', async () => {
  const [whole, part, charged] = [await paidOrder(), await paidOrder(), await paidOrder()];
  await sql.query('UPDATE "order" SET refunded_minor = 4000 WHERE id = $1', [part.id]);
  await sql.query('UPDATE "order" SET charged_back = true WHERE id = $1', [charged.id]);
  const unpaid = await orders.checkout(orderOf([await goods()]), await bed.as(randomUUID()));
  const held = new Map<string, bigint>();
  for (let afterId = ''; ; ) {
    const { orders: page } = await asPayment.listChargedOrders({ afterId });
    if (page.length === 0) break;
    for (const order of page) held.set(order.id, order.held!.amountMinor);
    afterId = page.at(-1)!.id;
  }
  assert.equal(
    [whole, part, charged].map(({ id }) => held.get(id)),
    [10_000n, 6_000n, 0n],
  );
  assert.not.ok(held.has(unpaid.order!.id));
  assert.equal([...held.keys()], [...held.keys()].sort());
  assert.is(await refusal(asUser.listChargedOrders({ afterId: '' })), 'CALLER_NOT_ALLOWED');
});

test('My Page is told of every order that its buyer has seen, with its version and what may be reviewed', async () => {
  const order = await paidOrder([{}, {}]);
  const done = order.lines[0]!;
  const step = { requestId: randomUUID(), orderId: order.id, lineIds: [done.id], carrier: 'x', trackingNumber: '1' };
  await sales.registerOrderShipment(step, await order.seller());
  await orders.confirmOrderDelivery({ requestId: randomUUID(), id: order.id, lineIds: [] }, await order.buyer());
  await orders.completeOrder({ requestId: randomUUID(), id: order.id, lineIds: [] }, await order.buyer());

  const { orders: page } = await asUser.listOrdersForMyPage({ afterId: '' });
  const shown = page.find(({ id }) => id === order.id)!;
  assert.equal([shown.buyerId, shown.state, shown.version, shown.total!.amountMinor], [order.buyerId, Order_State.STATE_PAID, 4n, 20_000n]);
  assert.equal(
    shown.completedLines.map(({ lineId, productId }) => [lineId, productId]),
    [[done.id, done.productId]],
  );
  await sql.query('UPDATE "order" SET placed = false WHERE id = $1', [order.id]);
  assert.not.ok((await asUser.listOrdersForMyPage({ afterId: '' })).orders.some(({ id }) => id === order.id));
});

test.after(() => closeBed(stop, peers.stop));
test.run();
