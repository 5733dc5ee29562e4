// What is given back, killed before and after each of its steps: another process goes on, and each thing is given back once.
import { randomUUID } from 'node:crypto';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { bed, closeBed, refusal, running, spawnPurchase, sql } from './checkout-support.js';
import { givenBacks, isAllGivenBack, lineStates, onShelf, paidOrder, rowOf } from './fulfilment-support.js';

const peers = await openPeers();
// Longer than the lease of what is given back.
const LEASE_MS = 121_000;

for (const point of [
  'written',
  'leased',
  'payment.before',
  'payment.asked',
  'payment.stored',
  'points.asked',
  'points.stored',
  'coupons.asked',
  'coupons.stored',
]) {
  test(`killed at give-back.${point}, a canceled order gives everything back once`, async () => {
    const coupon = randomUUID();
    const order = await paidOrder([{ coupons: { [coupon]: 1_000 }, pointsMinor: 50 }, {}]);
    const request = { requestId: randomUUID(), id: order.id, lineIds: [], reason: '변심' };
    const first = await spawnPurchase(peers, `purchase.give-back.${point}`);
    const { orders } = await first.clients();
    // Whether it lived to answer is not said.
    await orders.cancelOrder(request, await order.buyer()).catch(() => {});
    assert.is(await first.killed(), 'SIGKILL');
    assert.equal(await lineStates(order), ['CANCELED', 'CANCELED']);

    bed.shiftClock(LEASE_MS);
    await running(peers, async (second) => {
      const { order: canceled } = await second.orders.cancelOrder(request, await order.buyer());
      assert.is(canceled!.id, order.id, 'the same request again is answered');
      assert.is(
        await refusal(second.orders.cancelOrder({ ...request, requestId: randomUUID() }, await order.buyer())),
        'LINE_NOT_CANCELABLE',
      );
      await until(() => isAllGivenBack(order));
    });
    assert.equal([await givenBacks(order), (await rowOf(order)).refunded, await onShelf(order)], [1, 18_950, [1, 1]]);
    const of = <T extends object>(given: Map<string, T>, key: 'orderId' | 'holderId') =>
      [...given.values()].filter((made) => (made as Record<string, unknown>)[key] === order.id);
    assert.equal(
      of(peers.refunds, 'orderId').map(({ amount }) => amount!.amountMinor),
      [18_950n],
    );
    assert.equal(
      of(peers.returnedPoints, 'holderId').map(({ amountMinor }) => amountMinor),
      [50n],
    );
    assert.equal(
      of(peers.returnedCoupons, 'holderId').map(({ discounts, inFull }) => ({ discounts, inFull })),
      [{ discounts: [{ couponId: coupon, discountMinor: 1_000n }], inFull: true }],
    );
  });
}

test('killed while it delivers by time, the next one delivers the rest, each once', async () => {
  const due = [await paidOrder(), await paidOrder(), await paidOrder()];
  const ids = due.map(({ id }) => id);
  await sql.query(`UPDATE order_line SET state = 'SHIPPED', ship_time = $2 WHERE order_id = ANY ($1)`, [
    ids,
    new Date(bed.now().getTime() - 15 * 86_400_000),
  ]);
  const first = await spawnPurchase(peers, 'purchase.due-order.changed');
  assert.is(await first.killed(), 'SIGKILL');
  const delivered = async () =>
    (await sql.query(`SELECT FROM order_line WHERE order_id = ANY ($1) AND state = 'DELIVERED'`, [ids])).rowCount;
  assert.is(await delivered(), 1);
  await running(peers, () => until(async () => (await delivered()) === 3));
  const { rows } = await sql.query('SELECT version::integer FROM "order" WHERE id = ANY ($1)', [ids]);
  assert.equal(
    rows.map(({ version }) => version),
    [2, 2, 2],
  );
});

test('an order that cannot be delivered by time does not keep the others', async () => {
  const due = [await paidOrder(), await paidOrder()];
  const sentAt = (days: number) => new Date(bed.now().getTime() - days * 86_400_000);
  for (const [place, { id }] of due.entries())
    await sql.query(`UPDATE order_line SET state = 'SHIPPED', ship_time = $2 WHERE order_id = $1`, [id, sentAt(20 - place)]);
  // The first to be due cannot be written.
  await sql.query(`ALTER TABLE "order" ADD CONSTRAINT broken CHECK (id <> '${due[0]!.id}' OR state = 'PAID') NOT VALID`);
  await running(peers, async () => {
    await until(async () => (await lineStates(due[1]!))[0] === 'DELIVERED');
    assert.equal(await lineStates(due[0]!), ['SHIPPED']);
    await sql.query('ALTER TABLE "order" DROP CONSTRAINT broken');
    await until(async () => (await lineStates(due[0]!))[0] === 'DELIVERED');
  });
});

test.after(() => closeBed(peers.stop));
test.run();
