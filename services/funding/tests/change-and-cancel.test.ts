import { randomUUID } from 'node:crypto';
import { PledgeCanceled, PledgeChanged, PledgeCreated, ProjectGoalReached } from '@moa/contracts/funding/v1/funding_events';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { openEvents, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ADDRESS,
  type Backer,
  backer,
  backers,
  bed,
  closeBed,
  DAY_MS,
  HOUR_MS,
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

const { pledges, stop } = await openFunding();
const events = await openEvents(bed);

async function pledged(who: Backer, projectId: string, rewardId: string, quantity = 1, more = {}): Promise<string> {
  const { pledge } = await pledges.createPledge(pledgeOf(who, projectId, rewardId, quantity, more), await bed.as(who.id));
  return pledge!.id;
}

const change = (id: string, rewardId: string, quantity: number, more = {}) => ({
  requestId: randomUUID(),
  id,
  lines: quantity === 0 ? [] : [{ rewardId, quantity }],
  extra: undefined,
  billingMethodId: '',
  address: undefined,
  ...more,
});

test('a change gives back what was held and takes what is wanted', async () => {
  const { projectId, rewardIds } = await liveProject({
    rewards: [
      { priceMinor: 10_000, stock: 5 },
      { priceMinor: 3_000, stock: 5 },
    ],
  });
  const [first, second] = rewardIds as [string, string];
  const who = await backer();
  const id = await pledged(who, projectId, first, 3);
  const { pledge } = await pledges.changePledge(change(id, second, 2, { extra: won(100n) }), await bed.as(who.id));
  assert.equal(pledge?.total, won(6_100n));
  assert.equal([await remaining(first), await remaining(second)], [5, 3]);
  assert.equal(await projectRow(projectId), { raised: 6_100, count: 1, state: 'LIVE' });
});

test('a change keeps card and address that it does not name', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ ships: true }] });
  const who = await backer();
  const id = await pledged(who, projectId, rewardId, 1, { address: ADDRESS });
  const { pledge } = await pledges.changePledge(change(id, rewardId, 2), await bed.as(who.id));
  assert.equal([pledge?.address, pledge?.billingMethodId], [ADDRESS, who.billingMethodId]);
  const moved = { ...ADDRESS, line1: '부산시 해운대구' };
  const again = await pledges.changePledge(change(id, rewardId, 2, { address: moved }), await bed.as(who.id));
  assert.equal(again.pledge?.address, moved);
  const foreign = change(id, rewardId, 2, { billingMethodId: (await backer()).billingMethodId });
  assert.is(await refusal(pledges.changePledge(foreign, await bed.as(who.id))), 'BILLING_METHOD_UNKNOWN');
});

test('what a pledge holds itself does not stand in the way of its change', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 3, limit: 3 }] });
  const who = await backer();
  const id = await pledged(who, projectId, rewardId, 2);
  await pledges.changePledge(change(id, rewardId, 3), await bed.as(who.id));
  assert.is(await remaining(rewardId), 0);
  assert.is(await refusal(pledges.changePledge(change(id, rewardId, 4), await bed.as(who.id))), 'REWARD_SOLD_OUT');
});

test('a refused change leaves all as it was', async () => {
  const { projectId, rewardIds } = await liveProject({ rewards: [{ stock: 5 }, { stock: 1 }] });
  const [first, second] = rewardIds as [string, string];
  const who = await backer();
  const id = await pledged(who, projectId, first, 2);
  assert.is(await refusal(pledges.changePledge(change(id, second, 2), await bed.as(who.id))), 'REWARD_SOLD_OUT');
  assert.is(await refusal(pledges.changePledge(change(id, second, 0), await bed.as(who.id))), 'PLEDGE_EMPTY');
  assert.equal([await remaining(first), await remaining(second)], [3, 1]);
  assert.equal(await projectRow(projectId), await sumOfPledges(projectId).then((sum) => ({ ...sum, state: 'LIVE' })));
});

test('a cancellation gives all back, once', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 5 }] });
  const who = await backer();
  const id = await pledged(who, projectId, rewardId, 4);
  const token = await bed.as(who.id);
  const request = { requestId: randomUUID(), id };
  const answers = await Promise.all(Array.from({ length: 10 }, () => pledges.cancelPledge(request, token)));
  for (const { pledge } of answers) assert.is(pledge?.state, Pledge_State.STATE_CANCELED);
  assert.is(await refusal(pledges.cancelPledge({ requestId: randomUUID(), id }, token)), 'PLEDGE_NOT_ACTIVE');
  assert.is(await refusal(pledges.changePledge(change(id, rewardId, 1), token)), 'PLEDGE_NOT_ACTIVE');
  assert.is(await remaining(rewardId), 5);
  assert.equal(await projectRow(projectId), { raised: 0, count: 0, state: 'LIVE' });
});

test('a canceled pledge no longer counts against the limit', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ limit: 1 }] });
  const who = await backer();
  await pledges.cancelPledge({ requestId: randomUUID(), id: await pledged(who, projectId, rewardId) }, await bed.as(who.id));
  assert.ok(await pledged(who, projectId, rewardId));
});

test('pledges, changes and cancellations at once leave stock and total exact', async () => {
  const { projectId, rewardIds } = await liveProject({
    goalMinor: 200_000,
    rewards: [
      { priceMinor: 1_000, stock: 60 },
      { priceMinor: 7_000, stock: 40 },
    ],
  });
  const [first, second] = rewardIds as [string, string];
  await Promise.all(
    (await backers(60)).map(async (who, index) => {
      const id = await pledged(who, projectId, index % 2 ? first : second).catch(() => undefined);
      if (!id) return;
      const token = await bed.as(who.id);
      if (index % 3 === 0) await pledges.changePledge(change(id, index % 2 ? second : first, 1 + (index % 2)), token).catch(() => {});
      if (index % 4 === 0) await pledges.cancelPledge({ requestId: randomUUID(), id }, token);
    }),
  );
  const { raised, count } = await projectRow(projectId);
  assert.equal({ raised, count }, await sumOfPledges(projectId));
  for (const [rewardId, stock] of [
    [first, 60],
    [second, 40],
  ] as const) {
    assert.is((await remaining(rewardId))! + (await heldOf(rewardId)), stock);
  }
});

const heldOf = async (rewardId: string): Promise<number> => {
  const { rows } = await sql.query(
    `SELECT coalesce(sum(quantity), 0)::integer AS held FROM pledge_line JOIN pledge ON id = pledge_id WHERE reward_id = $1 AND state <> 'CANCELED'`,
    [rewardId],
  );
  return rows[0].held;
};

test('in the last 24 hours a met goal is not taken away, by no cancellation and no change', async () => {
  const { projectId, rewardId } = await liveProject({ goalMinor: 20_000, closeInMs: 23 * HOUR_MS });
  const [first, second, third] = (await backers(3)) as [Backer, Backer, Backer];
  const id = await pledged(first, projectId, rewardId);
  // The goal is not met yet: a backer may go.
  await pledges.cancelPledge({ requestId: randomUUID(), id }, await bed.as(first.id));
  const held = await pledged(second, projectId, rewardId, 2);
  const token = await bed.as(second.id);
  assert.is(await refusal(pledges.cancelPledge({ requestId: randomUUID(), id: held }, token)), 'GOAL_WOULD_BE_LOST');
  assert.is(await refusal(pledges.changePledge(change(held, rewardId, 1), token)), 'GOAL_WOULD_BE_LOST');
  // Another pledge carries the goal.
  await pledged(third, projectId, rewardId, 2);
  await pledges.cancelPledge({ requestId: randomUUID(), id: held }, token);
  assert.equal(await projectRow(projectId), { raised: 20_000, count: 1, state: 'LIVE' });
});

test('earlier than that a backer may always go', async () => {
  const { projectId, rewardId } = await liveProject({ goalMinor: 10_000, closeInMs: 25 * HOUR_MS });
  const who = await backer();
  await pledges.cancelPledge({ requestId: randomUUID(), id: await pledged(who, projectId, rewardId) }, await bed.as(who.id));
});

test('after the close time nobody changes or cancels', async () => {
  const { projectId, rewardId } = await liveProject({ goalMinor: 1, closeInMs: 2 * DAY_MS });
  const who = await backer();
  const id = await pledged(who, projectId, rewardId);
  await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, bed.now()]);
  const token = await bed.as(who.id);
  for (const call of [
    () => pledges.cancelPledge({ requestId: randomUUID(), id }, token),
    () => pledges.changePledge(change(id, rewardId, 2), token),
  ]) {
    assert.ok(['PROJECT_CLOSED', 'PLEDGE_NOT_ACTIVE'].includes((await refusal(call()))!));
  }
});

test("another person's pledge is not found", async () => {
  const { projectId, rewardId } = await liveProject();
  const id = await pledged(await backer(), projectId, rewardId);
  const stranger = await bed.as(randomUUID());
  assert.is(await refusal(pledges.getPledge({ id }, stranger)), 'PLEDGE_NOT_FOUND');
  assert.is(await refusal(pledges.changePledge(change(id, rewardId, 2), stranger)), 'PLEDGE_NOT_FOUND');
  assert.is(await refusal(pledges.cancelPledge({ requestId: randomUUID(), id }, stranger)), 'PLEDGE_NOT_FOUND');
});

test('tells of each step, in order, and of the goal each time it is crossed upwards', async () => {
  const heard: [string, bigint][] = [];
  const [created, changed, canceled, reached] = await Promise.all([
    events.listen(PledgeCreated),
    events.listen(PledgeChanged),
    events.listen(PledgeCanceled),
    events.listen(ProjectGoalReached),
  ]);
  const { projectId, rewardId } = await liveProject({ goalMinor: 20_000 });
  const who = await backer();
  const token = await bed.as(who.id);
  const id = await pledged(who, projectId, rewardId, 3);
  await pledges.changePledge(change(id, rewardId, 1), token);
  await pledges.changePledge(change(id, rewardId, 2), token);
  await pledges.changePledge(change(id, rewardId, 4), token);
  await pledges.cancelPledge({ requestId: randomUUID(), id }, token);
  await until(() => canceled.some(({ pledgeId }) => pledgeId === id));
  for (const event of [...created, ...changed, ...canceled])
    if (event.pledgeId === id) heard.push([event.backerId, event.total!.amountMinor]);
  assert.equal(
    heard,
    [30_000n, 10_000n, 20_000n, 40_000n, 40_000n].map((total) => [who.id, total]),
  );
  await until(() => reached.filter((event) => event.projectId === projectId).length === 2);
  assert.equal(
    reached.filter((event) => event.projectId === projectId).map(({ raised }) => raised),
    [won(30_000n), won(20_000n)],
  );
});

test.after(() => closeBed(events.close, stop));
test.run();
