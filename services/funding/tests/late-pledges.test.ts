// Pledges that come after success, and rewards that go with others.
import { randomUUID } from 'node:crypto';
import { LatePledgesOpened, PledgeCreated } from '@moa/contracts/funding/v1/funding_events';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closesFor } from './closing.js';
import { openPaymentPeer } from './payment-peer.js';
import {
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
} from './support.js';

const payment = await openPaymentPeer();
const { pledges, projects, stop } = await openFunding({ payment: payment.address });
const { chargeOf, closing, inState } = closesFor(payment);

/** A project whose only pledge of 10,000 won is paid. */
async function succeeded(plan: Parameters<typeof closing>[1] = {}) {
  const project = await closing(1, plan);
  await payment.complete(await chargeOf(project.ids[0]!));
  await until(async () => (await projectRow(project.projectId)).state === 'SUCCEEDED');
  return project;
}

const open = async ({ projectId, sellerId }: { projectId: string; sellerId: string }, forMs = DAY_MS) =>
  projects.openLatePledges(
    { requestId: randomUUID(), id: projectId, until: new Date(bed.now().getTime() + forMs) },
    await bed.as(sellerId, 'SELLER'),
  );

test('a late pledge takes its piece, is charged at once, and changes nothing of what was raised', async () => {
  const [opened, created] = [await payment.events.listen(LatePledgesOpened), await payment.events.listen(PledgeCreated)];
  const project = await succeeded({ rewards: [{ stock: 3 }] });
  const who = await backer();
  const order = pledgeOf(who, project.projectId, project.rewardId);
  assert.is(await refusal(pledges.createPledge(order, await bed.as(who.id))), 'PROJECT_CLOSED');
  const { project: told } = await open(project);
  assert.ok(told!.latePledgesUntil! > bed.now());
  const { pledge } = await pledges.createPledge({ ...order, requestId: randomUUID() }, await bed.as(who.id));
  assert.equal([pledge!.state, pledge!.late], [Pledge_State.STATE_CHARGING, true]);
  await payment.complete(await chargeOf(pledge!.id));
  await inState(pledge!.id, 'PAID');
  assert.equal(await projectRow(project.projectId), { raised: 10_000, count: 1, state: 'SUCCEEDED' });
  assert.is(await remaining(project.rewardId), 1);
  const { project: after } = await projects.getProject({ id: project.projectId });
  assert.is(after!.lateRaised!.amountMinor, 10_000n);
  await until(() => opened.length === 1 && created.some(({ pledgeId, late }) => pledgeId === pledge!.id && late));
});

test('only its seller opens a project that succeeded, for 60 days at most, and may end it again', async () => {
  const project = await succeeded();
  assert.is(await refusal(open({ ...project, sellerId: randomUUID() })), 'PROJECT_NOT_FOUND');
  assert.is(await refusal(open(project, 61 * DAY_MS)), 'REQUEST_INVALID');
  assert.is(await refusal(open(await liveProject())), 'PROJECT_NOT_FUNDED');
  await open(project);
  await open(project, -1_000);
  const who = await backer();
  assert.is(
    await refusal(pledges.createPledge(pledgeOf(who, project.projectId, project.rewardId), await bed.as(who.id))),
    'PROJECT_CLOSED',
  );
});

test('late pledges at once take the last pieces and no more, and the limit of each backer counts what was paid', async () => {
  const project = await succeeded({ rewards: [{ stock: 6 }] });
  await open(project);
  const racers = await backers(12);
  const answers = await Promise.all(
    racers.map(async (who) => refusal(pledges.createPledge(pledgeOf(who, project.projectId, project.rewardId), await bed.as(who.id)))),
  );
  assert.is(answers.filter((answer) => answer === 'REWARD_SOLD_OUT').length, 12 - 5);
  assert.is(await remaining(project.rewardId), 0);
  const { rows } = await sql.query('SELECT late_raised_minor::integer AS late FROM project WHERE id = $1', [project.projectId]);
  assert.is(rows[0].late, 50_000);

  const limited = await succeeded({ rewards: [{ limit: 1 }] });
  await open(limited);
  const [first] = limited.who;
  const again = pledgeOf(first!, limited.projectId, limited.rewardId);
  assert.is(await refusal(pledges.createPledge(again, await bed.as(first!.id))), 'REWARD_LIMIT_REACHED');
});

test('an add-on goes with a reward, and not alone; its stock is its own', async () => {
  const { projectId, rewardIds } = await liveProject({ rewards: [{}, { stock: 1 }] });
  const [rewardId, addOnId] = rewardIds as [string, string];
  await sql.query('UPDATE reward SET add_on = true WHERE id = $1', [addOnId]);
  const who = await backer();
  const as = await bed.as(who.id);
  assert.is(await refusal(pledges.createPledge(pledgeOf(who, projectId, addOnId), as)), 'ADD_ON_ALONE');
  const both = pledgeOf(who, projectId, rewardId, 1, { lines: [rewardId, addOnId].map((id) => ({ rewardId: id, quantity: 1 })) });
  const { pledge } = await pledges.createPledge(both, as);
  assert.is(pledge!.lines.length, 2);
  assert.is(await remaining(addOnId), 0);
  const without = {
    requestId: randomUUID(),
    id: pledge!.id,
    lines: [{ rewardId: addOnId, quantity: 1 }],
    extra: undefined,
    billingMethodId: '',
    address: undefined,
  };
  assert.is(await refusal(pledges.changePledge(without, as)), 'ADD_ON_ALONE');
  const { project } = await projects.getProject({ id: projectId });
  const addOns = project!.rewards.filter(({ addOn }) => addOn).map(({ id }) => id);
  assert.equal(addOns, [addOnId]);
});

test.after(() => closeBed(stop, payment.stop));
test.run();
