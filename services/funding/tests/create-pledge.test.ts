import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { retryAfterMsOf, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ADDRESS,
  backer,
  backers,
  bed,
  closeBed,
  DAY_MS,
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

test('takes the rewards, and counts towards the goal', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ priceMinor: 30_000, stock: 5, ships: true }] });
  const who = await backer();
  const request = pledgeOf(who, projectId, rewardId, 2, { extra: won(1_000n), address: ADDRESS });
  const { pledge } = await pledges.createPledge(request, await bed.as(who.id));
  assert.equal(pledge?.total, won(61_000n));
  assert.equal(pledge?.extra, won(1_000n));
  assert.equal(pledge?.lines, request.lines);
  assert.equal(pledge?.address, ADDRESS);
  assert.is(await remaining(rewardId), 3);
  assert.equal(await projectRow(projectId), { raised: 61_000, count: 1, state: 'LIVE' });
  assert.equal((await pledges.getPledge({ id: pledge!.id }, await bed.as(who.id))).pledge, pledge);
});

test('a gift without a reward is a pledge, too', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await backer();
  const { pledge } = await pledges.createPledge(pledgeOf(who, projectId, rewardId, 0, { extra: won(500n) }), await bed.as(who.id));
  assert.equal(pledge?.total, won(500n));
});

test('of 200 backers at once, the last 10 rewards go to 10', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ priceMinor: 10_000, stock: 10 }] });
  const answers = await Promise.allSettled(
    (await backers(200)).map(async (who) => {
      const [request, token] = [pledgeOf(who, projectId, rewardId), await bed.as(who.id)];
      return pledges.createPledge(request, token);
    }),
  );
  assert.is(answers.filter(({ status }) => status === 'fulfilled').length, 10);
  const refusals = await Promise.all(
    answers.flatMap((answer) => (answer.status === 'rejected' ? [refusal(Promise.reject(answer.reason))] : [])),
  );
  assert.equal([...new Set(refusals)], ['REWARD_SOLD_OUT']);
  assert.is(await remaining(rewardId), 0);
  assert.equal(await projectRow(projectId), { raised: 100_000, count: 10, state: 'LIVE' });
});

test('the same request raced 50 times is one pledge, also for the last reward', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 1, ships: true }] });
  const who = await backer();
  const request = pledgeOf(who, projectId, rewardId, 1, { address: ADDRESS });
  const token = await bed.as(who.id);
  const answers = await Promise.all(Array.from({ length: 50 }, () => pledges.createPledge(request, token)));
  for (const { pledge } of answers) assert.equal(pledge, answers[0]?.pledge);
  assert.equal(await sumOfPledges(projectId), { raised: 10_000, count: 1 });
});

test('a reused request with another body is refused', async () => {
  const { projectId, rewardId } = await liveProject();
  const who = await backer();
  const request = pledgeOf(who, projectId, rewardId);
  await pledges.createPledge(request, await bed.as(who.id));
  const other = { ...request, lines: [{ rewardId, quantity: 2 }] };
  assert.is(await refusal(pledges.createPledge(other, await bed.as(who.id))), 'REQUEST_ID_REUSED');
});

test('what is remembered of a request names no address', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ ships: true }] });
  const who = await backer();
  const request = pledgeOf(who, projectId, rewardId, 1, { address: ADDRESS });
  await pledges.createPledge(request, await bed.as(who.id));
  const { rows } = await sql.query('SELECT answer::text FROM kit.request WHERE id = $1', [request.requestId]);
  assert.not.match(rows[0].answer, ADDRESS.recipient);
});

test('one backer never takes more than the limit, however many requests race', async () => {
  const { projectId, rewardId } = await liveProject({ rewards: [{ stock: 100, limit: 3 }] });
  const who = await backer();
  const token = await bed.as(who.id);
  const answers = await Promise.allSettled(
    Array.from({ length: 20 }, () => pledgeOf(who, projectId, rewardId)).map((request) => pledges.createPledge(request, token)),
  );
  assert.is(answers.filter(({ status }) => status === 'fulfilled').length, 3);
  assert.is(await remaining(rewardId), 97);
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, projectId, rewardId), token)), 'REWARD_LIMIT_REACHED');
});

test('several rewards are taken all or none', async () => {
  const { projectId, rewardIds } = await liveProject({ rewards: [{ stock: 5 }, { stock: 1 }] });
  const who = await backer();
  const lines = rewardIds.map((rewardId) => ({ rewardId, quantity: 2 }));
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, projectId, '', 1, { lines }), await bed.as(who.id))), 'REWARD_SOLD_OUT');
  assert.equal(await Promise.all(rewardIds.map(remaining)), [5, 1]);
  assert.equal(await projectRow(projectId), { raised: 0, count: 0, state: 'LIVE' });
});

test('backers who take the same two rewards in either order all get them', async () => {
  const { projectId, rewardIds } = await liveProject({ rewards: [{ stock: 50 }, { stock: 50 }] });
  await Promise.all(
    (await backers(50)).map(async (who, index) => {
      const lines = rewardIds.map((rewardId) => ({ rewardId, quantity: 1 }));
      if (index % 2) lines.reverse();
      const [request, token] = [pledgeOf(who, projectId, '', 1, { lines }), await bed.as(who.id)];
      await pledges.createPledge(request, token);
    }),
  );
  assert.equal(await Promise.all(rewardIds.map(remaining)), [0, 0]);
});

test('tells that the goal is reached, once', async () => {
  const { projectId, rewardId } = await liveProject({ goalMinor: 30_000 });
  await Promise.all((await backers(5)).map(async (who) => pledges.createPledge(pledgeOf(who, projectId, rewardId), await bed.as(who.id))));
  assert.is((await sql.query('SELECT version FROM project WHERE id = $1', [projectId])).rows[0].version, '1');
});

test('says what is wrong with a pledge', async () => {
  const { projectId, rewardId, sellerId } = await liveProject({ rewards: [{ ships: true }] });
  const other = await liveProject();
  const who = await backer();
  const create = async (more: object) =>
    refusal(pledges.createPledge(pledgeOf(who, projectId, rewardId, 1, { address: ADDRESS, ...more }), await bed.as(who.id)));
  assert.is(await create({ address: undefined }), 'ADDRESS_MISSING');
  assert.is(await create({ lines: [] }), 'PLEDGE_EMPTY');
  assert.is(
    await create({
      lines: [
        { rewardId, quantity: 1 },
        { rewardId, quantity: 1 },
      ],
    }),
    'REWARD_TWICE',
  );
  assert.is(await create({ lines: [{ rewardId: other.rewardId, quantity: 1 }] }), 'REWARD_NOT_FOUND');
  assert.is(await create({ extra: { currencyCode: 'USD', amountMinor: 1n } }), 'CURRENCY_WRONG');
  assert.is(await create({ extra: won(1_000_000_000_000n) }), 'PLEDGE_TOO_LARGE');
  assert.is(await create({ projectId: randomUUID() }), 'PROJECT_NOT_FOUND');
  assert.is(await create({ billingMethodId: (await backer()).billingMethodId }), 'BILLING_METHOD_UNKNOWN');
  await sql.query('INSERT INTO billing_method VALUES ($1, $2)', [randomUUID(), sellerId]);
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, projectId, rewardId), await bed.as(sellerId))), 'SELF_PLEDGE');
  assert.equal(await projectRow(projectId), { raised: 0, count: 0, state: 'LIVE' });
});

test('a billing method whose event is on its way is worth another try', async () => {
  const { projectId, rewardId } = await liveProject();
  const request = pledgeOf({ id: '', billingMethodId: randomUUID() }, projectId, rewardId);
  const error = await pledges.createPledge(request, await bed.as(randomUUID())).catch((error) => error);
  assert.is(retryAfterMsOf(error), 1_000);
});

test('nothing is taken before a project opens and after its close time', async () => {
  const { projectId, rewardId } = await liveProject({ closeInMs: -1 });
  const who = await backer();
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, projectId, rewardId), await bed.as(who.id))), 'PROJECT_CLOSED');
  const later = await liveProject();
  await sql.query(`UPDATE project SET state = 'SCHEDULED', start_time = $2 WHERE id = $1`, [
    later.projectId,
    new Date(bed.now().getTime() + DAY_MS),
  ]);
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, later.projectId, later.rewardId), await bed.as(who.id))), 'PROJECT_NOT_OPEN');
  await sql.query(`UPDATE project SET state = 'DRAFT', public = false WHERE id = $1`, [later.projectId]);
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, later.projectId, later.rewardId), await bed.as(who.id))), 'PROJECT_NOT_FOUND');
});

test('tells each field at fault', async () => {
  const who = await backer();
  const request = pledgeOf(who, 'x', 'y', 0, { lines: [{ rewardId: randomUUID(), quantity: 101 }], extra: won(-1n) });
  const error = await pledges.createPledge(request, await bed.as(who.id)).catch((error) => error);
  assert.is(error.code, status.INVALID_ARGUMENT);
  assert.equal(
    violationsOf(error)
      .map(({ field }) => field)
      .sort(),
    ['extra.amount_minor', 'lines[0].quantity', 'project_id'],
  );
});

test('is for signed-in backers only', async () => {
  const { projectId, rewardId } = await liveProject();
  const request = pledgeOf(await backer(), projectId, rewardId);
  assert.is(await refusal(pledges.createPledge(request)), 'TOKEN_MISSING');
  assert.is(await refusal(pledges.createPledge(request, await bed.as(randomUUID(), 'ADMIN'))), 'CALLER_NOT_ALLOWED');
});

test.after(() => closeBed(stop));
test.run();
