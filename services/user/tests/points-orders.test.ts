import { randomUUID } from 'node:crypto';
import { OrderCompleted, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { openHost, originAt, transaction } from '@moa/kit';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PrismaClient } from '../src/generated/client.js';
import { forfeitPoints } from '../src/store/points.js';
import { completedOrder, openPoints, returnedOrder } from './points-support.js';
import { refusal } from './support.js';

const house = await openPoints('points-orders');
const { bed, events, person, grant, hold, capture, release, giveBack, balanceOf, entriesOf, points, rows } = house;
type Person = Awaited<ReturnType<typeof person>>;

const line = (paidMinor: bigint, lineId: string = randomUUID()) => ({ lineId, paidMinor });
const entriesBecome = (buyer: Person, expected: string[]) =>
  until(async () => JSON.stringify(await entriesOf(buyer)) === JSON.stringify(expected)).catch(async () =>
    assert.equal(await entriesOf(buyer), expected),
  );
/** A later event of the same order has been handled: so were those before it. */
async function caughtUp(orderId: string) {
  const marker = await person();
  await events.publish(OrderCompleted, completedOrder(marker.id, [line(100n)], orderId));
  await entriesBecome(marker, ['EARNED 1']);
}

test('each completed line earns one percent of what was paid for it in money, rounded down', async () => {
  const buyer = await person();
  const order = completedOrder(buyer.id, [line(30_000n), line(199n), line(99n), line(0n)]);
  await events.publish(OrderCompleted, order);
  await entriesBecome(buyer, ['EARNED 300', 'EARNED 1']);
  const { entries } = await points.listPointEntries({ pageSize: 0, pageToken: '' }, await buyer.token());
  assert.equal(
    entries.map(({ subjectId }) => subjectId),
    [order.orderId, order.orderId],
  );
});

test('the same event three times, and the same lines in another event, earn once', async () => {
  const buyer = await person();
  const order = completedOrder(buyer.id, [line(10_000n), line(20_000n)]);
  const id = await events.publish(OrderCompleted, order);
  await events.publish(OrderCompleted, order, { id });
  await events.publish(OrderCompleted, order, { id });
  await events.publish(OrderCompleted, order);
  await caughtUp(order.orderId);
  await entriesBecome(buyer, ['EARNED 100', 'EARNED 200']);
});

test('what a line earned is taken back with it, exactly and once; a line that was not completed had earned nothing', async () => {
  const buyer = await person();
  const [back, kept, canceled] = [line(10_000n), line(20_000n), line(30_000n)];
  const order = completedOrder(buyer.id, [back, kept]);
  await events.publish(OrderCompleted, order);
  const gone = returnedOrder(buyer.id, [{ ...back, completed: true }, canceled], order.orderId);
  for (let time = 0; time < 3; time++) await events.publish(OrderReturned, gone);
  await caughtUp(order.orderId);
  await entriesBecome(buyer, ['EARNED 100', 'EARNED 200', 'CLAWED_BACK -100']);
});

test('a line whose return is heard of before its completion earns nothing', async () => {
  const buyer = await person();
  const [back, kept] = [line(10_000n), line(20_000n)];
  const order = completedOrder(buyer.id, [back, kept]);
  await events.publish(OrderReturned, returnedOrder(buyer.id, [{ ...back, completed: true }], order.orderId));
  await events.publish(OrderCompleted, order);
  await caughtUp(order.orderId);
  await entriesBecome(buyer, ['EARNED 200']);
});

test('what was spent before it is taken back is owed, and taken off what becomes available next', async () => {
  const buyer = await person();
  const earned = line(100_000n);
  const order = completedOrder(buyer.id, [earned]);
  await events.publish(OrderCompleted, order);
  await entriesBecome(buyer, ['EARNED 1000']);
  const [spent, held] = [await hold(buyer, 700n), await hold(buyer, 200n)];
  await capture(spent);
  await events.publish(OrderReturned, returnedOrder(buyer.id, [{ ...earned, completed: true }], order.orderId));
  await entriesBecome(buyer, ['EARNED 1000', 'SPENT -700', 'CLAWED_BACK -100']);
  assert.is((await balanceOf(buyer)).owedMinor, 900n);
  // A hold goes on; what it gives back is taken.
  await release(held);
  await grant(buyer, 300n);
  assert.is((await balanceOf(buyer)).owedMinor, 400n);
  await giveBack(spent, 500n);
  const { owedMinor, availableMinor } = await balanceOf(buyer);
  assert.equal([owedMinor, availableMinor], [0n, 100n]);
  await entriesBecome(
    buyer,
    'EARNED 1000,SPENT -700,CLAWED_BACK -100,CLAWED_BACK -200,GRANTED 300,CLAWED_BACK -300,RETURNED 500,CLAWED_BACK -400'.split(','),
  );
});

test('points of the lot that was earned are taken back first', async () => {
  const buyer = await person();
  const earned = line(10_000n);
  await grant(buyer, 100n, new Date(bed.now().getTime() + 86_400_000));
  const order = completedOrder(buyer.id, [earned]);
  await events.publish(OrderCompleted, order);
  await entriesBecome(buyer, ['GRANTED 100', 'EARNED 100']);
  await events.publish(OrderReturned, returnedOrder(buyer.id, [{ ...earned, completed: true }], order.orderId));
  await entriesBecome(buyer, ['GRANTED 100', 'EARNED 100', 'CLAWED_BACK -100']);
  assert.is((await balanceOf(buyer)).expiringMinor, 100n);
});

test('a closed account loses what is available; holds go on, and what comes back later is lost, too', async () => {
  const buyer = await person();
  await grant(buyer, 1_000n);
  const [spent, released] = [await hold(buyer, 100n), await hold(buyer, 200n)];
  const host = await openHost('user', await bed.config('user'));
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const close = () => transaction(db, (tx) => forfeitPoints(tx, originAt(bed.now()), buyer.id));
  await Promise.all([close(), close()]);
  await (await host.listen()).stop();
  assert.is((await refusal(hold(buyer, 1n))).details, 'POINTS_NOT_ENOUGH');
  assert.is((await refusal(grant(buyer, 1n))).details, 'ACCOUNT_CLOSED');
  assert.is(await capture(spent), 100n);
  await release(released);
  await giveBack(spent, 40n);
  await events.publish(OrderCompleted, completedOrder(buyer.id, [line(10_000n)]));
  await entriesBecome(
    buyer,
    'GRANTED 1000,FORFEITED -700,SPENT -100,FORFEITED -200,RETURNED 40,FORFEITED -40,EARNED 100,FORFEITED -100'.split(','),
  );
  assert.equal(await rows('SELECT balance_minor FROM point_account WHERE account_id = $1', [buyer.id]), [{ balance_minor: '0' }]);
});

test('after all of it the sums are the same everywhere', house.checkSums);

test.after(house.close);
test.run();
