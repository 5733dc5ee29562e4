// A pledge is being placed, or given back, when the process is killed; another goes on, with exactly the same outcome.
import { randomUUID } from 'node:crypto';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { killServices, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dueProject, spawnFunding } from './child-process.js';
import { openPaymentPeer } from './payment-peer.js';
import { backer, bed, closeBed, liveProject, pledgeOf, projectRow, remaining, states, sumOfPledges } from './support.js';

const payment = await openPaymentPeer();

for (const [crashAt, left] of [
  ['funding.pledge.before', 0],
  ['funding.pledge.committed', 1],
] as const) {
  test(`killed at ${crashAt}, a pledge that is sent again is there once`, async () => {
    const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 3 }] });
    const who = await backer();
    const request = pledgeOf(who, projectId, rewardId);
    const first = await spawnFunding({ payment: payment.address }, crashAt);
    const { pledges } = await first.clients();
    await pledges.createPledge(request, await bed.as(who.id)).then(
      () => assert.unreachable('answered'),
      () => {},
    );
    assert.is(await first.killed(), 'SIGKILL');
    assert.is((await sumOfPledges(projectId)).count, left);

    const second = await spawnFunding({ payment: payment.address });
    const { pledge } = await (await second.clients()).pledges.createPledge(request, await bed.as(who.id));
    assert.is(pledge?.state, Pledge_State.STATE_ACTIVE);
    assert.equal(await sumOfPledges(projectId), { raised: 10_000, count: 1 });
    assert.equal(await projectRow(projectId), { raised: 10_000, count: 1, state: 'LIVE' });
    assert.is(await remaining(rewardId), 2);
    await second.stop();
  });
}

test('killed at funding.refund.canceled, a refund is finished by the same request', async () => {
  const { projectId, ids } = await dueProject(1, { goalMinor: 10_000 });
  const id = ids[0]!;
  const first = await spawnFunding({ payment: payment.address }, 'funding.refund.canceled');
  const { pledges } = await first.clients();
  await payment.complete(await until(() => payment.taken.get(`${id} 1`)));
  await until(async () => (await states(projectId))['PAID'] === 1);
  const request = { requestId: randomUUID(), id, reason: '배송 불가', amount: undefined };
  await pledges.refundPledge(request, await bed.as(randomUUID(), 'ADMIN')).catch(() => {});
  assert.is(await first.killed(), 'SIGKILL');
  assert.equal(await states(projectId), { PAID: 1 });

  // The claim of the one that died holds for 30 s.
  bed.shiftClock(31_000);
  const second = await spawnFunding({ payment: payment.address });
  const clients = await second.clients();
  const admin = await bed.as(randomUUID(), 'ADMIN');
  const { pledge } = await clients.pledges.refundPledge(request, admin);
  assert.is(pledge?.state, Pledge_State.STATE_REFUNDED);
  assert.is(new Set(payment.canceled.filter(({ pledgeId }) => pledgeId === id).map(({ requestId }) => requestId)).size, 1);
  await second.stop();
});

for (const crashAt of ['funding.refunds.leased', 'funding.refunds.given']) {
  test(`killed at ${crashAt}, a project that was paid and canceled gives each pledge back once, by itself`, async () => {
    const { projectId, ids } = await dueProject(3, { goalMinor: 10_000 });
    const first = await spawnFunding({ payment: payment.address }, crashAt);
    const { projects } = await first.clients();
    for (const id of ids) await payment.complete(await until(() => payment.taken.get(`${id} 1`)));
    await until(async () => (await states(projectId))['PAID'] === 3);
    const admin = await bed.as(randomUUID(), 'ADMIN');
    await projects.cancelFundedProject({ requestId: randomUUID(), id: projectId, reason: '제작 불가' }, admin).catch(() => {});
    assert.is(await first.killed(), 'SIGKILL');

    // What the one that died had in hand is handed out again when its time is over.
    bed.shiftClock(16_000);
    const second = await spawnFunding({ payment: payment.address });
    await until(async () => (await states(projectId))['REFUNDED'] === 3);
    for (const id of ids) {
      const asked = payment.canceled.filter(({ pledgeId }) => pledgeId === id);
      assert.is(new Set(asked.map(({ requestId }) => requestId)).size, 1, 'whoever asks asks for the same');
    }
    await second.stop();
  });
}

test.after(() => {
  killServices();
  return closeBed(payment.stop);
});
test.run();
