// The close meets pledges that are on their way: what it counted is what it charges.
import { randomUUID } from 'node:crypto';
import { ProjectClosed } from '@moa/contracts/funding/v1/funding_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPaymentPeer } from './payment-peer.js';
import {
  backers,
  bed,
  closeBed,
  DAY_MS,
  liveProject,
  openFunding,
  placePledges,
  pledgeOf,
  projectRow,
  refusal,
  remaining,
  sql,
  states,
  sumOfPledges,
} from './support.js';

const ROUNDS = 3;
const RACERS = 60;
const STOCK = 1_000;
const GIVEN_UP_ROUNDS = 8;

const payment = await openPaymentPeer();
// Two copies of the service, as there would be: each has its jobs.
const [first, second] = [await openFunding({ payment: payment.address }), await openFunding({ payment: payment.address })];

for (let round = 1; round <= ROUNDS; round++) {
  for (const [outcome, goalMinor, left] of [
    ['CHARGING', 10_000, 'CHARGING'],
    ['FAILED', 1_000_000_000, 'RELEASED'],
  ] as const) {
    test(`pledges and cancellations that race a close to ${outcome} are counted or refused, round ${round}`, async () => {
      const closed = await payment.events.listen(ProjectClosed);
      const { projectId, rewardId } = await liveProject({ goalMinor, closeInMs: 3 * DAY_MS, rewards: [{ stock: STOCK, limit: 5 }] });
      const standing = await placePledges(20, projectId, rewardId);
      const racers = await backers(RACERS);
      const tokens = await Promise.all([...racers, ...standing].map(({ id }) => bed.as(id)));
      const calls = [
        ...racers.map((who, index) => (index % 2 ? first : second).pledges.createPledge(pledgeOf(who, projectId, rewardId), tokens[index])),
        ...standing
          .slice(0, 10)
          .map(({ pledgeId }, index) => first.pledges.cancelPledge({ requestId: randomUUID(), id: pledgeId }, tokens[RACERS + index])),
      ];
      // In the middle of them, the close time comes.
      await Promise.race(calls).catch(() => {});
      await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, bed.now()]);
      const answers = await Promise.allSettled(calls);
      const reasons = await Promise.all(
        answers.flatMap((answer) => (answer.status === 'rejected' ? [refusal(Promise.reject(answer.reason))] : [])),
      );
      for (const reason of reasons) assert.ok(['PROJECT_CLOSED', 'PLEDGE_NOT_ACTIVE', 'GOAL_WOULD_BE_LOST'].includes(reason!), reason);

      const event = await until(() => closed.find((event) => event.projectId === projectId));
      await until(async () => !(await states(projectId))['ACTIVE']);
      const { raised, count, state } = await projectRow(projectId);
      assert.is(state, outcome);
      assert.equal(await sumOfPledges(projectId), { raised, count });
      assert.equal([event.raised?.amountMinor, event.pledgeCount], [BigInt(raised), count]);
      assert.is((await states(projectId))[left], count);
      assert.is(await remaining(rewardId), outcome === 'FAILED' ? STOCK : STOCK - count);
      assert.is(closed.filter((event) => event.projectId === projectId).length, 1);
    });
  }
}

test('who passed every check and still waits when the project closes is refused, and leaves nothing', async () => {
  const { projectId, rewardId } = await liveProject({ goalMinor: 10_000, rewards: [{ stock: STOCK }] });
  const standing = await placePledges(2, projectId, rewardId);
  const racers = await backers(2);
  // Whoever holds the project's row holds up all of them: they come to it last.
  const holder = await sql.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId]);
  const closing = bed.now();
  const calls = [
    ...racers.map(async (who, index) =>
      [first, second][index]!.pledges.createPledge(pledgeOf(who, projectId, rewardId), await bed.as(who.id)),
    ),
    second.pledges.cancelPledge({ requestId: randomUUID(), id: standing[0]!.pledgeId }, await bed.as(standing[0]!.id)),
  ].map(refusal);
  await until(async () => {
    const { rows } = await sql.query(
      "SELECT count(*)::integer AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    return rows[0].waiting >= calls.length;
  });
  await holder.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, closing]);
  await holder.query('COMMIT');
  holder.release();
  assert.equal(new Set(await Promise.all(calls)), new Set(['PROJECT_CLOSED']));
  await until(async () => (await states(projectId))['CHARGING'] === 2);
  assert.equal(await states(projectId), { CHARGING: 2 });
  assert.equal(await projectRow(projectId), { raised: 20_000, count: 2, state: 'CHARGING' });
  assert.is(await remaining(rewardId), STOCK - 2);
});

test('a project that is given up while it closes has one of both ends, for all of its pledges', async () => {
  for (let round = 0; round < GIVEN_UP_ROUNDS; round++) {
    const closed = await payment.events.listen(ProjectClosed);
    const { projectId, rewardId, sellerId } = await liveProject({ goalMinor: 10_000, rewards: [{ stock: STOCK }] });
    await placePledges(20, projectId, rewardId);
    const token = await bed.as(sellerId, 'SELLER');
    const due = sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, bed.now()]);
    const given = await first.projects.cancelProject({ requestId: randomUUID(), id: projectId, reason: '접습니다.' }, token).then(
      () => 'CANCELED',
      (error: unknown) => refusal(Promise.reject(error)),
    );
    await due;
    await until(async () => !(await states(projectId))['ACTIVE']);
    const { state } = await projectRow(projectId);
    assert.is(given, state === 'CANCELED' ? 'CANCELED' : 'PROJECT_ENDED');
    assert.equal(await states(projectId), { [state === 'CANCELED' ? 'RELEASED' : 'CHARGING']: 20 });
    assert.is(await remaining(rewardId), state === 'CANCELED' ? STOCK : STOCK - 20);
    await until(() => closed.some((event) => event.projectId === projectId));
    assert.is(closed.filter((event) => event.projectId === projectId).length, 1);
  }
});

test.after(() => closeBed(first.stop, second.stop, payment.stop));
test.run();
