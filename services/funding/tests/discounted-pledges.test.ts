// A pledge with coupons and points holds both, or neither.
import { randomUUID } from 'node:crypto';
import { Payer } from '@moa/contracts/coupon/v1/coupon';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDiscountPeers } from './discount-peers.js';
import { allSettled, discounted, discountsOf, holdsOf } from './discounted.js';
import {
  ADDRESS,
  backer,
  backers,
  bed,
  closeBed,
  liveProject,
  openFunding,
  pledgeOf,
  projectRow,
  refusal,
  remaining,
  sql,
  sumOfPledges,
  won,
} from './support.js';

const peers = await openDiscountPeers();
const { pledges, stop } = await openFunding(peers);
const { saver, has, comesTo } = discountsOf(peers);

test('the card is charged what coupons and points leave; the price counts towards the goal', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  const second = peers.issue(who.id, 500n, Payer.PAYER_SELLER);
  const request = discounted(who, projectId, rewardId, { couponIds: [who.couponId, second], extra: won(1_000n) });
  const { pledge } = await pledges.createPledge(request, await bed.as(who.id));
  assert.equal([pledge?.total, pledge?.discount, pledge?.pointsMinor, pledge?.charge], [won(11_000n), won(3_500n), 2_500n, won(5_000n)]);
  assert.equal(pledge?.couponIds, [who.couponId, second]);
  assert.equal(await projectRow(projectId), { raised: 11_000, count: 1, state: 'LIVE' });
  assert.is(has(who), 'RESERVED 0');
  const { rows } = await sql.query(
    'SELECT platform_coupon_minor::int AS platform, seller_coupon_minor::int AS seller FROM pledge WHERE id = $1',
    [pledge?.id],
  );
  assert.equal(rows, [{ platform: 3_000, seller: 500 }]);
  const read = await pledges.getPledge({ id: pledge!.id }, await bed.as(who.id));
  assert.equal(read.pledge, pledge);
});

test('the same request gives the same pledge, and what is remembered of it names no address', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ ships: true }] });
  const who = await saver();
  const request = discounted(who, projectId, rewardId, { address: ADDRESS });
  const { pledge } = await pledges.createPledge(request, await bed.as(who.id));
  assert.equal(pledge?.address, ADDRESS);
  assert.equal(await pledges.createPledge(request, await bed.as(who.id)), { pledge });
  assert.is(await refusal(pledges.createPledge({ ...request, pointsMinor: 1n }, await bed.as(who.id))), 'REQUEST_ID_REUSED');
  assert.equal(await sumOfPledges(projectId), { raised: 10_000, count: 1 });
  const { rows } = await sql.query("SELECT answer->>'bytes' AS bytes FROM kit.request WHERE id = $1", [request.requestId]);
  assert.not.ok(Buffer.from(rows[0].bytes, 'base64').includes(ADDRESS.line1));
});

test('when the last piece is gone, coupon and points are home before the answer; the same request may try again', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 1 }] });
  const other = await backer();
  const { pledge: taken } = await pledges.createPledge(pledgeOf(other, projectId, rewardId), await bed.as(other.id));
  const who = await saver();
  const request = discounted(who, projectId, rewardId);
  assert.is(await refusal(pledges.createPledge(request, await bed.as(who.id))), 'REWARD_SOLD_OUT');
  assert.is(has(who), 'ISSUED 2500');
  assert.equal(await holdsOf(who.id), []);
  await pledges.cancelPledge({ requestId: randomUUID(), id: taken!.id }, await bed.as(other.id));
  const { pledge } = await pledges.createPledge(request, await bed.as(who.id));
  assert.equal(pledge?.charge, won(4_500n));
  assert.is(has(who), 'RESERVED 0');
});

test("another person's coupon is refused, and no points are held", async () => {
  const { projectId, rewardId } = await liveProject();
  const [who, other] = [await saver(), await saver()];
  const request = discounted({ ...who, couponId: other.couponId }, projectId, rewardId);
  assert.is(await refusal(pledges.createPledge(request, await bed.as(who.id))), 'COUPON_NOT_USABLE');
  assert.equal([has(who), has(other)], ['ISSUED 2500', 'ISSUED 2500']);
  assert.equal(await projectRow(projectId), { raised: 0, count: 0, state: 'LIVE' });
});

test('with too few points nothing is held', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  const request = discounted(who, projectId, rewardId, { pointsMinor: 2_501n });
  assert.is(await refusal(pledges.createPledge(request, await bed.as(who.id))), 'POINTS_SHORT');
  assert.is(has(who), 'ISSUED 2500');
  assert.equal(await holdsOf(who.id), []);
});

test('points pay for what is left and no more, coupons take off rewards, and each is named once', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  peers.grant(who.id, 100_000n);
  const refused = async (more: object) => refusal(pledges.createPledge(discounted(who, projectId, rewardId, more), await bed.as(who.id)));
  assert.is(await refused({ pointsMinor: 7_001n }), 'POINTS_TOO_MANY');
  assert.is(await refused({ pointsMinor: 10_001n, couponIds: [] }), 'POINTS_TOO_MANY');
  assert.is(await refused({ couponIds: [who.couponId, who.couponId] }), 'COUPON_TWICE');
  assert.is(await refused({ lines: [], extra: won(50_000n) }), 'COUPON_WITHOUT_REWARD');
  assert.is(await refused({ lines: [{ rewardId: randomUUID(), quantity: 1 }] }), 'REWARD_NOT_FOUND');
  assert.is(await refused({ projectId: randomUUID() }), 'PROJECT_NOT_FOUND');
  await sql.query("UPDATE project SET currency = 'USD' WHERE id = $1", [projectId]);
  assert.is(await refused({}), 'CURRENCY_WRONG');
  assert.is(has(who), 'ISSUED 102500');
  assert.equal(await holdsOf(who.id), []);
});

test('points may pay for all of it, a gift without a reward, too', async () => {
  const { projectId } = await liveProject();
  const who = await saver();
  const gift = pledgeOf(who, projectId, '', 0, { extra: won(2_500n), pointsMinor: 2_500n });
  const { pledge } = await pledges.createPledge(gift, await bed.as(who.id));
  assert.equal([pledge?.total, pledge?.charge], [won(2_500n), won(0n)]);
});

test('one coupon sent with two pledges at once is in one of them, and the other holds nothing', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 5 }] });
  const who = await saver();
  const twice = await Promise.allSettled(
    [1, 2].map(async () => pledges.createPledge(discounted(who, projectId, rewardId, { pointsMinor: 1_000n }), await bed.as(who.id))),
  );
  assert.equal(twice.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal(await sumOfPledges(projectId), { raised: 10_000, count: 1 });
  assert.is(await remaining(rewardId), 4);
  assert.is(has(who), 'RESERVED 1500');
  assert.equal(await holdsOf(who.id), ['HELD']);
});

test('what a pledge with a coupon holds does not change; its card and its address do', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  const { pledge } = await pledges.createPledge(discounted(who, projectId, rewardId), await bed.as(who.id));
  const change = (quantity: number, more = {}) => ({
    requestId: randomUUID(),
    id: pledge!.id,
    lines: [{ rewardId, quantity }],
    extra: undefined,
    billingMethodId: '',
    address: undefined,
    ...more,
  });
  assert.is(await refusal(pledges.changePledge(change(2), await bed.as(who.id))), 'PLEDGE_HAS_DISCOUNT');
  assert.is(await refusal(pledges.changePledge(change(1, { extra: won(1n) }), await bed.as(who.id))), 'PLEDGE_HAS_DISCOUNT');
  const moved = await pledges.changePledge(change(1, { address: ADDRESS }), await bed.as(who.id));
  assert.equal([moved.pledge?.address, moved.pledge?.charge, moved.pledge?.couponIds], [ADDRESS, won(4_500n), [who.couponId]]);
});

test('a pledge that is canceled sends both home, and only once', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  const { pledge } = await pledges.createPledge(discounted(who, projectId, rewardId), await bed.as(who.id));
  const canceled = await pledges.cancelPledge({ requestId: randomUUID(), id: pledge!.id }, await bed.as(who.id));
  assert.is(canceled.pledge?.state, Pledge_State.STATE_CANCELED);
  await comesTo(who, 'ISSUED 2500');
  await until(async () => (await holdsOf(who.id))[0] === 'HOME');
  assert.equal(
    ['releasePoints', 'releaseCoupons', 'commitCoupons'].map((what) => peers.asked(what, pledge!.id)),
    [1, 1, 0],
  );
});

test('while coupon or user is away a pledge with them has to wait; the same request then goes on with the same holder', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  const request = discounted(who, projectId, rewardId);
  for (const away of ['reserveCoupons', 'holdPoints']) {
    peers.down.add(away);
    assert.is(await refusal(pledges.createPledge(request, await bed.as(who.id))), 'SERVICE_UNAVAILABLE');
    peers.down.delete(away);
  }
  const { pledge } = await pledges.createPledge(request, await bed.as(who.id));
  assert.is(peers.asked('reserveCoupons', pledge!.id), 1);
  assert.equal(await holdsOf(who.id), ['HELD']);
});

test('a request that nobody goes on with gives back after a minute what it holds', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  const request = discounted(who, projectId, rewardId);
  peers.down.add('holdPoints');
  assert.is(await refusal(pledges.createPledge(request, await bed.as(who.id))), 'SERVICE_UNAVAILABLE');
  peers.down.delete('holdPoints');
  assert.is(has(who), 'RESERVED 2500');
  assert.is(
    await refusal(pledges.createPledge({ ...request, pointsMinor: 1n }, await bed.as(who.id))),
    'REQUEST_ID_REUSED',
    'its holder holds for what was asked',
  );
  bed.shiftClock(61_000);
  await comesTo(who, 'ISSUED 2500');
  const { pledge } = await pledges.createPledge(request, await bed.as(who.id));
  assert.equal(pledge?.charge, won(4_500n));
});

for (const away of ['', 'releaseCoupons']) {
  test(`who comes back too late to what was held places nothing${away && ', also while it is still on its way home'}`, async () => {
    const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 1 }] });
    const who = await saver();
    let goOn = () => {};
    peers.slow.set('holdPoints', new Promise<void>((resolve) => (goOn = resolve)));
    peers.down.add(away);
    const answer = refusal(pledges.createPledge(discounted(who, projectId, rewardId), await bed.as(who.id)));
    await comesTo(who, 'RESERVED 0');
    bed.shiftClock(61_000);
    await comesTo(who, away ? 'RESERVED 2500' : 'ISSUED 2500');
    goOn();
    peers.slow.clear();
    assert.is(await answer, 'REQUEST_IN_PROGRESS');
    assert.is(await remaining(rewardId), 1);
    peers.down.clear();
    bed.shiftClock(16_000);
    await comesTo(who, 'ISSUED 2500');
    await until(async () => (await holdsOf(who.id)).length === 0);
  });
}

test('many pledges with and without coupons at once each have an outcome of their own', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 6 }] });
  const savers = await Promise.all(Array.from({ length: 5 }, saver));
  const plain = await backers(5);
  const answers = await Promise.allSettled([
    ...savers.map(async (who) => pledges.createPledge(discounted(who, projectId, rewardId), await bed.as(who.id))),
    ...plain.map(async (who) => pledges.createPledge(pledgeOf(who, projectId, rewardId), await bed.as(who.id))),
  ]);
  assert.is(answers.filter(({ status }) => status === 'fulfilled').length, 6);
  assert.equal(await sumOfPledges(projectId), { raised: 60_000, count: 6 });
  await allSettled();
  savers.forEach((who, index) => {
    assert.is(has(who), answers[index]!.status === 'fulfilled' ? 'RESERVED 0' : 'ISSUED 2500');
  });
});

test('what cannot go home just now goes when user is back', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 1 }] });
  const other = await backer();
  await pledges.createPledge(pledgeOf(other, projectId, rewardId), await bed.as(other.id));
  const who = await saver();
  peers.down.add('releasePoints');
  assert.is(await refusal(pledges.createPledge(discounted(who, projectId, rewardId), await bed.as(who.id))), 'REWARD_SOLD_OUT');
  assert.is(has(who), 'RESERVED 0');
  peers.down.delete('releasePoints');
  bed.shiftClock(16_000);
  await comesTo(who, 'ISSUED 2500');
  await allSettled();
  assert.equal(await holdsOf(who.id), []);
});

test.after(() => closeBed(stop, peers.stop));
test.run();
