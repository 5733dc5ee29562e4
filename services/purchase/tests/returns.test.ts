// Lines come back after they were sent: buyers ask, sellers decide, staff may at any time.
import { randomUUID } from 'node:crypto';
import { Order_State, ReturnRequest_State } from '@moa/contracts/purchase/v1/order';
import { OrderReturned, ReturnDecided, ReturnRequested } from '@moa/contracts/purchase/v1/purchase_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { bed, closeBed, openPurchase, refusal, sql } from './checkout-support.js';
import {
  givenBacks,
  isAllGivenBack,
  type LinePlan,
  lineStates,
  onShelf,
  type PaidLine,
  type PaidOrder,
  paidOrder,
  rowOf,
} from './fulfilment-support.js';

const peers = await openPeers();
const { orders, sales, stop } = await openPurchase(peers);
const admin = () => bed.as(randomUUID(), 'ADMIN');
const idsOf = (lines: readonly PaidLine[]) => lines.map(({ id }) => id);

/** An order of which every line was sent, and confirmed, unless said otherwise. */
async function sent(plans: readonly LinePlan[] = [{}], { isDelivered = true } = {}): Promise<PaidOrder> {
  const order = await paidOrder(plans);
  for (const line of order.lines) {
    const parcel = { lineIds: [line.id], carrier: '우체국', trackingNumber: '1' };
    await sales.registerOrderShipment({ requestId: randomUUID(), orderId: order.id, ...parcel }, await order.seller(line));
  }
  if (isDelivered) await orders.confirmOrderDelivery({ requestId: randomUUID(), id: order.id, lineIds: [] }, await order.buyer());
  return order;
}

const ask = async (order: PaidOrder, lines: readonly PaidLine[] = [order.line], more = {}) => {
  const request = { requestId: randomUUID(), orderId: order.id, lineIds: idsOf(lines), reason: '색상이 달라요', ...more };
  return (await orders.requestReturn(request, await order.buyer())).order!.returns.at(-1)!;
};
const decide = async (order: PaidOrder, id: string, more = {}) => {
  const decision = { requestId: randomUUID(), id, approve: true, rejectionReason: '', restock: false, ...more };
  return (await sales.decideReturn(decision, await order.seller())).returnRequest!;
};
const refund = async (order: PaidOrder, lines: readonly PaidLine[], more = {}) =>
  orders.refundOrder(
    { requestId: randomUUID(), id: order.id, lineIds: idsOf(lines), reason: '분쟁', restock: false, ...more },
    await admin(),
  );
const refundedOf = ({ id }: PaidOrder) =>
  [...peers.refunds.values()].filter(({ orderId }) => orderId === id).map(({ amount }) => amount!.amountMinor);

test('a return is asked for, approved, and given back once, each told', async () => {
  const heard = [await peers.events.listen(ReturnRequested), await peers.events.listen(ReturnDecided)] as const;
  const returned = await peers.events.listen(OrderReturned);
  const order = await sent([{ pointsMinor: 10 }]);
  const request = await ask(order);
  assert.equal([request.state, request.lineIds, request.reason], [ReturnRequest_State.STATE_OPEN, [order.line.id], '색상이 달라요']);
  assert.is((await rowOf(order)).state, 'RETURN_REQUESTED');
  assert.is(await refusal(ask(order)), 'LINE_NOT_RETURNABLE');
  const asSeller = { state: Order_State.STATE_RETURN_REQUESTED, pageSize: 0, pageToken: '' };
  assert.equal((await sales.listSellerOrders(asSeller, await order.seller())).orders[0]!.returns, [request]);
  const repeated = { requestId: randomUUID(), restock: true };
  const decided = await decide(order, request.id, repeated);
  assert.is(decided.state, ReturnRequest_State.STATE_APPROVED);
  assert.equal(await decide(order, request.id, repeated), decided, 'the same request again, the same answer');
  assert.is(await refusal(decide(order, request.id)), 'RETURN_DECIDED');
  await until(() => isAllGivenBack(order));
  assert.equal(refundedOf(order), [9_990n]);
  assert.equal([(await rowOf(order)).state, (await rowOf(order)).refunded, await onShelf(order)], ['RETURNED', 9_990, [1]]);
  assert.equal((await orders.getOrder({ id: order.id }, await order.buyer())).order!.returns, [decided]);
  await until(() => returned.length === 1);
  assert.equal([heard[0].length, heard[1].length, heard[1][0]!.approved, returned[0]!.lines[0]!.completed], [1, 1, true, false]);
});

test('a rejected return leaves its lines where they were, and says why', async () => {
  const order = await sent([{}, {}], { isDelivered: false });
  const [one, two] = order.lines;
  await orders.confirmOrderDelivery({ requestId: randomUUID(), id: order.id, lineIds: [one!.id] }, await order.buyer());
  const [delivered, onItsWay] = [await ask(order, [one!]), await ask(order, [two!])];
  assert.is(await refusal(decide(order, delivered.id, { approve: false })), 'REJECTION_REASON_MISSING');
  const rejected = await decide(order, delivered.id, { approve: false, rejectionReason: '사용 흔적' });
  assert.equal([rejected.state, rejected.rejectionReason], [ReturnRequest_State.STATE_REJECTED, '사용 흔적']);
  assert.is(await refusal(decide(order, onItsWay.id, { approve: false, rejectionReason: 'x' })), 'RETURN_NOT_FOUND', "another seller's");
  const another = { requestId: randomUUID(), id: onItsWay.id, approve: false, rejectionReason: 'x', restock: false };
  await sales.decideReturn(another, await order.seller(two));
  assert.equal(await lineStates(order), ['DELIVERED', 'SHIPPED']);
  assert.is(await givenBacks(order), 0);
  // It may be asked for again, while its time lasts.
  await ask(order, [one!]);
});

test('what is not approved to be sold again is not on the shelf', async () => {
  const order = await sent();
  await decide(order, (await ask(order)).id);
  await until(() => isAllGivenBack(order));
  assert.equal(await onShelf(order), [0]);
});

test('a return is of one seller, of what was sent and not completed, and within seven days of the delivery', async () => {
  const order = await sent([{}, {}]);
  assert.is(await refusal(ask(order, order.lines)), 'LINES_OF_SEVERAL_SELLERS');
  assert.is(await refusal(ask(await paidOrder())), 'LINE_NOT_RETURNABLE');
  await orders.completeOrder({ requestId: randomUUID(), id: order.id, lineIds: [order.line.id] }, await order.buyer());
  assert.is(await refusal(ask(order)), 'LINE_NOT_RETURNABLE');
  assert.is(await refusal(ask(order, [(await sent()).line])), 'LINE_NOT_FOUND');
  // The job that completes it may not have come by yet.
  const late = await sent();
  const asked = await ask(late);
  await sql.query("UPDATE order_line SET delivery_time = delivery_time - interval '7 days' WHERE id = $1", [late.line.id]);
  const other = await sent();
  await sql.query("UPDATE order_line SET delivery_time = delivery_time - interval '7 days' WHERE id = $1", [other.line.id]);
  assert.match(String(await refusal(ask(other))), /RETURN_WINDOW_OVER|LINE_NOT_RETURNABLE/);
  await until(async () => (await lineStates(other))[0] === 'COMPLETED');
  assert.equal(await lineStates(late), ['RETURN_REQUESTED'], 'what is to be returned is not completed meanwhile');
  await decide(late, asked.id, { approve: false, rejectionReason: '사용 흔적' });
  await until(async () => (await lineStates(late))[0] === 'COMPLETED');
});

test('of decisions at once, one counts', async () => {
  for (let round = 0; round < 5; round++) {
    const order = await sent();
    const { id } = await ask(order);
    const ways = [
      decide(order, id),
      decide(order, id),
      decide(order, id, { approve: false, rejectionReason: 'x' }),
      refund(order, [order.line]),
    ];
    await Promise.allSettled(ways);
    await refund(order, [order.line]).catch(() => {});
    await until(() => isAllGivenBack(order));
    assert.is(await givenBacks(order), 1);
    assert.equal(refundedOf(order), [10_000n]);
    assert.equal(await lineStates(order), ['RETURNED']);
  }
});

test('staff give back whatever was paid, once; what was completed is told to be', async () => {
  const returned = await peers.events.listen(OrderReturned);
  const order = await sent([{ priceMinor: 2_000 }, { priceMinor: 3_000 }]);
  const [one, two] = order.lines;
  await orders.completeOrder({ requestId: randomUUID(), id: order.id, lineIds: [one!.id] }, await order.buyer());
  const response = await refund(order, [one!], { restock: true });
  assert.is(response.order!.address, undefined);
  assert.is(await refusal(refund(order, [one!])), 'LINE_NOT_REFUNDABLE');
  assert.is(await refusal(refund({ ...order, id: randomUUID() }, [one!])), 'ORDER_NOT_FOUND');
  assert.is(await refusal(refund(order, [(await paidOrder()).line])), 'LINE_NOT_FOUND');
  // A wish to return is granted by it, when nothing is left of the wish.
  const asked = await ask(order, [two!]);
  await refund(order, [two!]);
  assert.is(
    await refusal(
      sales.decideReturn(
        { requestId: randomUUID(), id: asked.id, approve: true, rejectionReason: '', restock: true },
        await order.seller(two),
      ),
    ),
    'RETURN_DECIDED',
  );
  await until(() => isAllGivenBack(order));
  assert.equal(refundedOf(order), [2_000n, 3_000n]);
  assert.equal([await onShelf(order), (await rowOf(order)).state], [[1, 0], 'RETURNED']);
  await until(() => returned.filter(({ orderId }) => orderId === order.id).length === 2);
  assert.equal(
    returned.filter(({ orderId }) => orderId === order.id).map(({ lines }) => lines.map(({ completed }) => completed)),
    [[true], [false]],
  );
  // What was not sent is on the shelf anyway.
  const unsent = await paidOrder();
  await refund(unsent, [unsent.line]);
  assert.equal([await onShelf(unsent), await lineStates(unsent)], [[1], ['RETURNED']]);
});

test('staff may give back a part of what a buyer wants to return; the seller decides on the rest', async () => {
  const sellerId = randomUUID();
  const order = await sent([{ sellerId }, { sellerId }]);
  const { id } = await ask(order, order.lines);
  await refund(order, [order.line]);
  assert.is((await decide(order, id)).state, ReturnRequest_State.STATE_APPROVED);
  await until(() => isAllGivenBack(order));
  assert.equal(refundedOf(order), [10_000n, 10_000n]);
});

test('a seller sees requests of its own, open ones first, oldest first, page by page', async () => {
  const sellerId = randomUUID();
  const made: string[] = [];
  const sold = await Promise.all(Array.from({ length: 5 }, () => sent([{ sellerId }])));
  for (const order of sold) made.push((await ask(order)).id);
  for (const place of [1, 3]) await decide(sold[place]!, made[place]!, { approve: false, rejectionReason: 'x' });
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await sales.listReturnRequests({ pageSize: 2, pageToken }, await bed.as(sellerId, 'SELLER'));
    seen.push(...page.returnRequests.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken);
  assert.equal(
    seen,
    [0, 2, 4, 1, 3].map((place) => made[place]),
  );
  assert.equal((await sales.listReturnRequests({ pageSize: 0, pageToken: '' }, await bed.as(randomUUID(), 'SELLER'))).returnRequests, []);
});

test.after(() => closeBed(stop, peers.stop));
test.run();
