// After the close: charges sent, refused, tried again, dropped.
import { randomUUID } from 'node:crypto';
import {
  PledgeDropped,
  PledgePaid,
  PledgePaymentFailed,
  PledgeReleased,
  ProjectClosed,
  ProjectSettled,
} from '@moa/contracts/funding/v1/funding_events';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { Project_Kind, Project_State } from '@moa/contracts/funding/v1/project';
import { newId } from '@moa/kit';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closesFor } from './closing.js';
import { openPaymentPeer } from './payment-peer.js';
import {
  backer,
  bed,
  closeBed,
  DAY_MS,
  HOUR_MS,
  liveProject,
  openFunding,
  placePledges,
  pledgeOf,
  projectRow,
  refusal,
  remaining,
  sql,
  states,
  won,
} from './support.js';

const payment = await openPaymentPeer();
const { projects, pledges, stop } = await openFunding({ payment: payment.address });

const { chargeOf, closing, inState } = closesFor(payment);

test('a missed goal releases every pledge and gives the stock back', async () => {
  const released = await payment.events.listen(PledgeReleased);
  const closed = await payment.events.listen(ProjectClosed);
  const { projectId, rewardId, ids } = await closing(5, { goalMinor: 1_000_000, rewards: [{ stock: 7 }] });
  await until(async () => (await states(projectId))['RELEASED'] === 5);
  assert.is(await remaining(rewardId), 7);
  assert.equal(await projectRow(projectId), { raised: 50_000, count: 5, state: 'FAILED' });
  await until(() => released.filter((event) => event.projectId === projectId).length === 5);
  assert.equal(
    released
      .filter((event) => event.projectId === projectId)
      .map(({ pledgeId }) => pledgeId)
      .sort(),
    [...ids].sort(),
  );
  assert.is(closed.find((event) => event.projectId === projectId)?.outcome, Project_State.STATE_FAILED);
  assert.not.ok(payment.sent.some((charge) => charge.projectId === projectId));
});

test('what keeps what it raises is charged below its goal, and fails only with nothing', async () => {
  const some = await closing(1, { kind: 'KEEP_WHAT_YOU_RAISE', goalMinor: 1_000_000 });
  const none = await closing(0, { kind: 'KEEP_WHAT_YOU_RAISE', goalMinor: 1_000_000 });
  await chargeOf(some.ids[0]!);
  await until(async () => (await projectRow(none.projectId)).state === 'FAILED');
});

test('a close with more pledges than a batch charges each once', async () => {
  const { projectId, ids } = await closing(230);
  await until(() => ids.every((id) => payment.taken.has(`${id} 1`)));
  await until(
    async () => (await sql.query('SELECT FROM pledge WHERE project_id = $1 AND send_time IS NOT NULL', [projectId])).rowCount === 0,
  );
  assert.is(payment.sent.filter((charge) => charge.projectId === projectId).length, 230);
  await Promise.all(ids.map(async (id) => payment.complete(await chargeOf(id))));
  await until(async () => (await projectRow(projectId)).state === 'SUCCEEDED');
  assert.equal(await states(projectId), { PAID: 230 });
});

test('a refused charge is tried again each day for seven days, then dropped; the project succeeds all the same', async () => {
  const settled = await payment.events.listen(ProjectSettled);
  const failed = await payment.events.listen(PledgePaymentFailed);
  const dropped = await payment.events.listen(PledgeDropped);
  const { projectId, ids, sellerId } = await closing(2);
  const [bad, good] = ids as [string, string];
  await payment.complete(await chargeOf(good));
  for (let attempt = 1; attempt <= 7; attempt++) {
    await payment.refuse(await chargeOf(bad, attempt));
    await inState(bad, 'PAYMENT_FAILED');
    assert.not.ok(payment.taken.has(`${bad} ${attempt + 1}`));
    bed.shiftClock(DAY_MS);
  }
  assert.is((await projectRow(projectId)).state, 'CHARGING');
  await payment.refuse(await chargeOf(bad, 8));
  await inState(bad, 'DROPPED');
  await until(() => settled.find((event) => event.projectId === projectId));
  assert.equal(
    settled.filter((event) => event.projectId === projectId),
    [{ projectId, sellerId, charged: won(10_000n), paidCount: 1, droppedCount: 1 }],
  );
  assert.equal(
    failed.filter(({ pledgeId }) => pledgeId === bad).map(({ attempts }) => attempts),
    [1, 2, 3, 4, 5, 6, 7],
  );
  assert.is(dropped.filter(({ pledgeId }) => pledgeId === bad).length, 1);
  assert.equal(await projectRow(projectId), { raised: 20_000, count: 2, state: 'SUCCEEDED' });
});

test("a project's own policy says how often and how soon: with two retries the third refusal drops", async () => {
  const sellerId = randomUUID();
  const seller = await bed.as(sellerId, 'SELLER');
  const plan = {
    title: '두 번만',
    summary: '',
    story: '',
    category: 'design',
    imageUrls: [],
    kind: Project_Kind.KIND_ALL_OR_NOTHING,
    goal: won(10_000n),
    startTime: bed.now(),
    closeTime: new Date(bed.now().getTime() + DAY_MS),
  };
  const reward = {
    title: '하나',
    description: '',
    price: won(10_000n),
    limitPerBacker: 0,
    deliveryMonth: '2027-03',
    ships: false,
    addOn: false,
  };
  const { project } = await projects.createProject({ requestId: randomUUID(), project: plan, rewards: [reward] }, seller);
  const id = project!.id;
  await projects.submitProject({ requestId: randomUUID(), id }, seller);
  const retryPolicy = { retries: 2, intervalHours: 6 };
  const approval = { requestId: randomUUID(), id, decision: { $case: 'approve' as const, value: { retryPolicy } } };
  assert.equal((await projects.reviewProject(approval, await bed.as(randomUUID(), 'ADMIN'))).project!.retryPolicy, retryPolicy);
  await until(async () => (await projectRow(id)).state === 'LIVE');
  const [who] = await placePledges(1, id, project!.rewards[0]!.id);
  await sql.query("UPDATE project SET start_time = $2::timestamptz - interval '1 second', close_time = $2 WHERE id = $1", [id, bed.now()]);
  for (const attempt of [1, 2]) {
    await payment.refuse(await chargeOf(who!.pledgeId, attempt));
    await inState(who!.pledgeId, 'PAYMENT_FAILED');
    bed.shiftClock(5 * HOUR_MS);
    assert.not.ok(payment.taken.has(`${who!.pledgeId} ${attempt + 1}`));
    bed.shiftClock(HOUR_MS);
  }
  await payment.refuse(await chargeOf(who!.pledgeId, 3));
  await inState(who!.pledgeId, 'DROPPED');
});

test('a card that works on the next day is charged', async () => {
  const { ids } = await closing(1);
  await payment.refuse(await chargeOf(ids[0]!));
  await inState(ids[0]!, 'PAYMENT_FAILED');
  bed.shiftClock(DAY_MS);
  await payment.complete(await chargeOf(ids[0]!, 2));
  await inState(ids[0]!, 'PAID');
});

test('after a refused charge the card may change, and nothing else', async () => {
  const { ids, who, rewardId } = await closing(1);
  const id = ids[0]!;
  await payment.refuse(await chargeOf(id));
  await inState(id, 'PAYMENT_FAILED');
  const { id: backerId } = who[0]!;
  const other = randomUUID();
  await sql.query('INSERT INTO billing_method VALUES ($1, $2)', [other, backerId]);
  const change = {
    requestId: randomUUID(),
    id,
    lines: [{ rewardId, quantity: 1 }],
    extra: undefined,
    billingMethodId: other,
    address: undefined,
  };
  const more = { ...change, requestId: randomUUID(), lines: [{ rewardId, quantity: 2 }] };
  assert.is(await refusal(pledges.changePledge(more, await bed.as(backerId))), 'PLEDGE_NOT_ACTIVE');
  const { pledge } = await pledges.changePledge(change, await bed.as(backerId));
  assert.is(pledge?.state, Pledge_State.STATE_PAYMENT_FAILED);
  bed.shiftClock(DAY_MS);
  const again = await chargeOf(id, 2);
  assert.is(again.billingMethodId, other);
  await payment.complete(again);
  await inState(id, 'PAID');
});

test('the same event three times is one step', async () => {
  const paid = await payment.events.listen(PledgePaid);
  const { ids } = await closing(2);
  const [first, second] = [await chargeOf(ids[0]!), await chargeOf(ids[1]!)];
  const [failure, success] = [newId(), newId()];
  // As the same event, and as one that says the same.
  for (let times = 0; times < 3; times++) await payment.refuse(first, failure);
  await payment.refuse(first);
  for (let times = 0; times < 3; times++) await payment.complete(second, success);
  await payment.complete(second);
  await inState(ids[1]!, 'PAID');
  await inState(ids[0]!, 'PAYMENT_FAILED');
  bed.shiftClock(DAY_MS);
  await payment.complete(await chargeOf(ids[0]!, 2));
  await inState(ids[0]!, 'PAID');
  const { rows } = await sql.query(
    'SELECT id, charge_attempts AS attempts, version FROM pledge WHERE id = ANY($1) ORDER BY charge_attempts',
    [ids],
  );
  assert.equal(
    rows.map(({ attempts, version }) => [attempts, version]),
    [
      [1, '3'],
      [2, '5'],
    ],
  );
  await until(() => ids.every((id) => paid.some(({ pledgeId }) => pledgeId === id)));
  assert.is(paid.filter(({ pledgeId }) => ids.includes(pledgeId)).length, 2);
});

test('late and reordered events change nothing that is past', async () => {
  const { ids } = await closing(1);
  const id = ids[0]!;
  const first = await chargeOf(id);
  await payment.refuse(first);
  await inState(id, 'PAYMENT_FAILED');
  bed.shiftClock(DAY_MS);
  const second = await chargeOf(id, 2);
  await payment.refuse(first);
  await payment.complete(second);
  await inState(id, 'PAID');
  await payment.refuse(second);
  await payment.giveBack(second);
  await payment.complete(second);
  await inState(id, 'REFUNDED');
  await payment.complete(second);
  const dead = await sql.query('SELECT FROM kit.failed_event');
  assert.is(dead.rowCount, 0);
});

test('one charge that payment refuses to take does not hold up the others', async () => {
  const project = await liveProject({ goalMinor: 10_000 });
  const ids = (await placePledges(3, project.projectId, project.rewardId)).map(({ pledgeId }) => pledgeId);
  payment.refused.add(ids[1]!);
  await sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [project.projectId, bed.now()]);
  await chargeOf(ids[0]!);
  await chargeOf(ids[2]!);
  assert.not.ok(payment.taken.has(`${ids[1]} 1`));
  payment.refused.clear();
  bed.shiftClock(10_000);
  await chargeOf(ids[1]!);
});

test('a canceled project releases its pledges and takes no more', async () => {
  const { projectId, sellerId, rewardId } = await liveProject({ goalMinor: 10_000, rewards: [{ stock: 2 }] });
  const who = await backer();
  await pledges.createPledge(pledgeOf(who, projectId, rewardId), await bed.as(who.id));
  const request = { requestId: randomUUID(), id: projectId, reason: '제작이 어렵게 되었습니다' };
  assert.is(await refusal(projects.cancelProject(request, await bed.as(randomUUID(), 'SELLER'))), 'PROJECT_NOT_FOUND');
  const { project } = await projects.cancelProject(request, await bed.as(sellerId, 'SELLER'));
  assert.is(project?.state, Project_State.STATE_CANCELED);
  await until(async () => (await states(projectId))['RELEASED'] === 1);
  assert.is(await remaining(rewardId), 2);
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, projectId, rewardId), await bed.as(who.id))), 'PROJECT_CLOSED');
  const again = { ...request, requestId: randomUUID() };
  assert.is(await refusal(projects.cancelProject(again, await bed.as(randomUUID(), 'ADMIN'))), 'PROJECT_ENDED');
});

test.after(() => closeBed(stop, payment.stop));
test.run();
