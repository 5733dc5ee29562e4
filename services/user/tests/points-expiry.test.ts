import { randomUUID } from 'node:crypto';
import { PointsExpiring } from '@moa/contracts/user/v1/user_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, MINUTE_MS, openPoints } from './points-support.js';
import { refusal } from './support.js';

const house = await openPoints('points-expiry');
const { bed, events, person, grant, hold, capture, release, giveBack, balanceOf, entriesOf, lotsOf } = house;
const expiring = await events.listen(PointsExpiring);
const inDays = (days: number) => new Date(bed.now().getTime() + days * DAY_MS);

test('what is not spent in time expires by itself, and is told', async () => {
  const buyer = await person();
  await grant(buyer, 100n, inDays(10));
  await grant(buyer, 50n, inDays(20));
  bed.shiftClock(10 * DAY_MS);
  // At once, whether or not anything came by to write it down.
  assert.is((await balanceOf(buyer)).availableMinor, 50n);
  assert.is((await refusal(hold(buyer, 51n))).details, 'POINTS_NOT_ENOUGH');
  await until(async () => (await entriesOf(buyer)).length === 3);
  assert.equal((await entriesOf(buyer)).at(-1), 'EXPIRED -100');
  await until(() => house.told.some(({ accountId, amount }) => accountId === buyer.id && amount!.amountMinor === -100n));
});

test('points under a hold do not expire: they are spent as if nothing were, or expire when they are released', async () => {
  const [buyer, other] = [await person(), await person()];
  await grant(buyer, 100n, inDays(1));
  await grant(other, 100n, inDays(1));
  const [spent, released] = [await hold(buyer, 60n), await hold(other, 60n)];
  bed.shiftClock(DAY_MS);
  await until(async () => (await entriesOf(buyer)).length === 2 && (await entriesOf(other)).length === 2);
  assert.is(await capture(spent), 60n);
  await release(released);
  assert.equal(await entriesOf(buyer), ['GRANTED 100', 'EXPIRED -40', 'SPENT -60']);
  assert.equal(await entriesOf(other), ['GRANTED 100', 'EXPIRED -40', 'EXPIRED -60']);
});

test('a hold is given back by itself a little after its time, and can be spent until then', async () => {
  const buyer = await person();
  await grant(buyer, 100n);
  const [late, forgotten, lasting] = [
    await hold(buyer, 10n, randomUUID(), new Date(bed.now().getTime() + 15 * MINUTE_MS)),
    await hold(buyer, 20n, randomUUID(), new Date(bed.now().getTime() + 15 * MINUTE_MS)),
    await hold(buyer, 30n),
  ];
  bed.shiftClock(19 * MINUTE_MS);
  assert.is(await capture(late), 10n);
  assert.is((await balanceOf(buyer)).heldMinor, 50n);
  bed.shiftClock(MINUTE_MS);
  await until(async () => (await balanceOf(buyer)).heldMinor === 30n);
  assert.is(await capture(forgotten), 0n);
  assert.is(await capture(lasting), 30n);
  assert.equal(await entriesOf(buyer), ['GRANTED 100', 'SPENT -10', 'SPENT -30']);
});

test('what comes back for a lot that has expired meanwhile lasts 30 days', async () => {
  const buyer = await person();
  await grant(buyer, 100n, inDays(1));
  await grant(buyer, 100n, inDays(60));
  const holder = await hold(buyer, 150n);
  await capture(holder);
  bed.shiftClock(2 * DAY_MS);
  await giveBack(holder, 150n);
  assert.equal(await lotsOf(buyer), [100n, 100n]);
  bed.shiftClock(30 * DAY_MS);
  assert.equal(await lotsOf(buyer), [100n]);
  await until(async () => (await entriesOf(buyer)).at(-1) === 'EXPIRED -100');
});

test('each lot is told once before it expires, if something is left in it', async () => {
  const buyer = await person();
  const mine = () => expiring.filter(({ accountId }) => accountId === buyer.id).map(({ amountMinor }) => amountMinor);
  await grant(buyer, 100n, inDays(40));
  await grant(buyer, 200n, inDays(45));
  const holder = await hold(buyer, 130n);
  bed.shiftClock(11 * DAY_MS);
  // The first lot is held as a whole: there is nothing to tell of it.
  bed.shiftClock(5 * DAY_MS);
  await until(() => mine().length === 1);
  await release(holder);
  await until(() => mine().length === 2);
  bed.shiftClock(2 * DAY_MS);
  await grant(buyer, 1n, inDays(3));
  await until(() => mine().length === 3);
  assert.equal(mine(), [170n, 100n, 1n]);
});

test('after all of it the sums are the same everywhere', house.checkSums);

test.after(house.close);
test.run();
