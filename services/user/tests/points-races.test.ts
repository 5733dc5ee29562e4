import { randomUUID } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MINUTE_MS, openPoints } from './points-support.js';

const house = await openPoints('points-races');
const { bed, person, grant, hold, capture, release, giveBack, balanceOf, entriesOf } = house;

const ROUNDS = 15;
const HOLDS = 50;
const ENOUGH_FOR = 10;

/** What each call ended with: its reason, or 'done'. */
const outcomes = async (calls: readonly Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(calls)).map((outcome) => (outcome.status === 'fulfilled' ? 'done' : outcome.reason.details));

test(`of ${HOLDS} holds at once for points that are enough for ${ENOUGH_FOR}, ${ENOUGH_FOR} get them`, async () => {
  const buyer = await person();
  // In lots of other sizes, so that holds share them.
  for (const part of [30n, 20n, 50n]) await grant(buyer, part);
  const ends = await outcomes(Array.from({ length: HOLDS }, () => hold(buyer, 100n / BigInt(ENOUGH_FOR))));
  assert.is(ends.filter((end) => end === 'done').length, ENOUGH_FOR);
  assert.is(ends.filter((end) => end === 'POINTS_NOT_ENOUGH').length, HOLDS - ENOUGH_FOR);
  const { availableMinor, heldMinor } = await balanceOf(buyer);
  assert.equal([availableMinor, heldMinor], [0n, 100n]);
});

test('the same hold many times at once holds once', async () => {
  const buyer = await person();
  await grant(buyer, 100n);
  const holder = randomUUID();
  assert.equal(new Set(await outcomes(Array.from({ length: 10 }, () => hold(buyer, 60n, holder)))), new Set(['done']));
  assert.is((await balanceOf(buyer)).heldMinor, 60n);
});

test('a hold and its release at once leave nothing held, whoever was first', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const buyer = await person();
    await grant(buyer, 100n);
    const holder = randomUUID();
    const [held, released] = await outcomes([hold(buyer, 60n, holder), release(holder)]);
    assert.ok(held === 'done' || held === 'HOLDER_RELEASED', held);
    assert.is(released, 'done');
    const { availableMinor, heldMinor } = await balanceOf(buyer);
    assert.equal([availableMinor, heldMinor], [100n, 0n]);
  }
});

test('a capture, a release and the end of its time at once: either spent or given back, and each says which', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const buyer = await person();
    await grant(buyer, 100n);
    const holder = await hold(buyer, 60n, randomUUID(), bed.now());
    // From now on the job may release it, too.
    bed.shiftClock(5 * MINUTE_MS);
    const [spent, , again] = await Promise.all([capture(holder), release(holder), capture(holder)]);
    const { availableMinor, heldMinor } = await balanceOf(buyer);
    assert.is(heldMinor, 0n);
    assert.is(await capture(holder), spent);
    assert.equal([availableMinor, again], spent === 60n ? [40n, 60n] : [100n, 0n]);
    assert.equal(await entriesOf(buyer), spent === 60n ? ['GRANTED 100', 'SPENT -60'] : ['GRANTED 100']);
  }
});

test('returns at once never give back more than was spent', async () => {
  const buyer = await person();
  await grant(buyer, 100n);
  const holder = await hold(buyer, 100n);
  await capture(holder);
  const requestId = randomUUID();
  const same = Array.from({ length: 5 }, () => giveBack(holder, 30n, requestId));
  const ends = await outcomes([...same, ...Array.from({ length: 10 }, () => giveBack(holder, 20n))]);
  assert.is((await balanceOf(buyer)).availableMinor <= 100n, true);
  const given = BigInt(ends.slice(5).filter((end) => end === 'done').length) * 20n + (ends[0] === 'done' ? 30n : 0n);
  assert.is((await balanceOf(buyer)).availableMinor, given);
  assert.ok(given >= 90n, `${given}`);
});

test('after all of it the sums are the same everywhere', house.checkSums);

test.after(house.close);
test.run();
