// A process that places a pledge with coupon and points, or settles them, is killed at each point: nothing is held for ever, nothing is used twice.
import { randomUUID } from 'node:crypto';
import { killServices, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnFunding } from './child-process.js';
import { openDiscountPeers } from './discount-peers.js';
import { allSettled, discounted, discountsOf, holdsOf } from './discounted.js';
import { openPaymentPeer } from './payment-peer.js';
import { backer, bed, closeBed, liveProject, pledgeOf, projectRow, refusal, remaining, sql, sumOfPledges, won } from './support.js';

const peers = await openDiscountPeers();
const payment = await openPaymentPeer();
const { saver, has, comesTo } = discountsOf(peers);
const spawn = (crashAt?: string) => spawnFunding({ ...peers, payment: payment.address }, crashAt);

// The claim of the one that died holds for 30 s, its hold for a minute, and what the job had in hand for 15 s.
const CLAIM_MS = 31_000;
const HOLD_MS = 61_000;
const LEASE_MS = 16_000;

/** Asks for a pledge of a process that dies over it. */
async function dieOver(crashAt: string, request: ReturnType<typeof discounted>, backerId: string): Promise<void> {
  const first = await spawn(crashAt);
  const { pledges } = await first.clients();
  await pledges.createPledge(request, await bed.as(backerId)).then(
    () => assert.unreachable('answered'),
    () => {},
  );
  assert.is(await first.killed(), 'SIGKILL');
}

for (const crashAt of ['funding.hold.opened', 'funding.hold.coupons', 'funding.hold.points', 'funding.hold.placed']) {
  test(`killed at ${crashAt}, a pledge that is sent again is there once, with its coupon and points`, async () => {
    const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 3 }] });
    const who = await saver();
    const request = discounted(who, projectId, rewardId);
    await dieOver(crashAt, request, who.id);

    bed.shiftClock(CLAIM_MS);
    const second = await spawn();
    const { pledges } = await second.clients();
    const { pledge } = await pledges.createPledge(request, await bed.as(who.id));
    assert.equal(pledge?.charge, won(4_500n));
    assert.equal(await pledges.createPledge(request, await bed.as(who.id)), { pledge });
    assert.equal(await sumOfPledges(projectId), { raised: 10_000, count: 1 });
    assert.equal([await remaining(rewardId), has(who)], [2, 'RESERVED 0']);
    assert.equal(await holdsOf(who.id), ['HELD']);
    assert.equal(
      [...peers.couponHolders.keys()].filter((id) => peers.couponHolders.get(id)!.couponIds.includes(who.couponId)),
      [pledge!.id],
    );
    await second.stop();
  });
}

for (const crashAt of ['funding.hold.opened', 'funding.hold.coupons', 'funding.hold.points']) {
  test(`killed at ${crashAt}, a pledge that is never sent again holds nothing after a minute`, async () => {
    const { projectId, rewardId } = await liveProject();
    const who = await saver();
    await dieOver(crashAt, discounted(who, projectId, rewardId), who.id);
    bed.shiftClock(HOLD_MS);
    const second = await spawn();
    await until(async () => (await holdsOf(who.id)).length === 0);
    assert.is(has(who), 'ISSUED 2500');
    assert.equal(await projectRow(projectId), { raised: 0, count: 0, state: 'LIVE' });
    // A late word of the one that died is too late.
    const [holderId] = [...peers.pointHolders.keys()].slice(-1);
    assert.is(peers.pointHolders.get(holderId!)!.state, 'RELEASED');
    await second.stop();
  });
}

for (const crashAt of ['funding.hold.refused', 'funding.home.points-released', 'funding.home.released']) {
  test(`killed at ${crashAt}, a pledge that was refused holds nothing, by itself`, async () => {
    const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 1 }] });
    const who = await saver();
    const other = await backer();
    const helper = await spawn();
    await (await helper.clients()).pledges.createPledge(pledgeOf(other, projectId, rewardId), await bed.as(other.id));
    await helper.stop();
    await dieOver(crashAt, discounted(who, projectId, rewardId), who.id);
    bed.shiftClock(LEASE_MS);
    const second = await spawn();
    await until(async () => (await holdsOf(who.id)).length === 0);
    assert.is(has(who), 'ISSUED 2500');
    assert.equal(await sumOfPledges(projectId), { raised: 10_000, count: 1 });
    await second.stop();
  });
}

/** A pledge with coupon and points, while `running` lives. */
async function pledgedAt(running: Awaited<ReturnType<typeof spawn>>) {
  const project = await liveProject({ goalMinor: 10_000 });
  const who = await saver();
  const { pledges } = await running.clients();
  const { pledge } = await pledges.createPledge(discounted(who, project.projectId, project.rewardId), await bed.as(who.id));
  return { ...project, who, id: pledge!.id, pledges };
}

for (const crashAt of ['funding.home.leased', 'funding.home.points-released', 'funding.home.released']) {
  test(`killed at ${crashAt}, what a canceled pledge held goes home once`, async () => {
    const first = await spawn(crashAt);
    const { who, id, pledges } = await pledgedAt(first);
    await pledges.cancelPledge({ requestId: randomUUID(), id }, await bed.as(who.id)).catch(() => {});
    assert.is(await first.killed(), 'SIGKILL');
    bed.shiftClock(LEASE_MS);
    const second = await spawn();
    await comesTo(who, 'ISSUED 2500');
    await allSettled();
    assert.equal(
      ['releasePoints', 'releaseCoupons', 'commitCoupons', 'capturePoints'].map((what) => peers.asked(what, id)),
      [1, 1, 0, 0],
    );
    assert.equal(await holdsOf(who.id), ['HOME']);
    await second.stop();
  });
}

for (const crashAt of ['funding.home.coupons-used', 'funding.home.used', 'funding.home.points-returned', 'funding.home.returned']) {
  test(`killed at ${crashAt}, coupon and points of a paid pledge are used once, and come back once`, async () => {
    const first = await spawn(crashAt);
    const { who, id, projectId } = await pledgedAt(first);
    await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, bed.now()]);
    const charge = await until(() => payment.taken.get(`${id} 1`));
    await payment.complete(charge);
    await payment.giveBack(charge, undefined, 1_500n);
    assert.is(await first.killed(), 'SIGKILL');
    bed.shiftClock(LEASE_MS);
    const second = await spawn();
    await comesTo(who, 'USED 833');
    await payment.giveBack(charge);
    await comesTo(who, 'ISSUED 2500');
    await allSettled();
    assert.equal(
      ['commitCoupons', 'capturePoints', 'returnPoints', 'returnCoupons', 'releaseCoupons'].map((what) => peers.asked(what, id)),
      [1, 1, 2, 2, 0],
    );
    assert.equal([peers.couponHolders.get(id)!.returned, peers.pointHolders.get(id)!.returned], [3_000n, 2_500n]);
    await second.stop();
  });
}

test('who takes a request up while the one that died still has it is asked to wait', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await saver();
  const request = discounted(who, projectId, rewardId);
  await dieOver('funding.hold.coupons', request, who.id);
  const second = await spawn();
  const { pledges } = await second.clients();
  assert.is(await refusal(pledges.createPledge(request, await bed.as(who.id))), 'REQUEST_IN_PROGRESS');
  await second.stop();
});

test.after(() => {
  killServices();
  return closeBed(payment.stop, peers.stop);
});
test.run();
