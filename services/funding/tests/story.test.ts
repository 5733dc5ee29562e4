// From draft to charge, through the contract only.
import { randomUUID } from 'node:crypto';
import { PledgeCharging, PledgePaid, ProjectClosed, ProjectPublished, ProjectSettled } from '@moa/contracts/funding/v1/funding_events';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { Project_Kind, Project_Phase, Project_State } from '@moa/contracts/funding/v1/project';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPaymentPeer } from './payment-peer.js';
import { ADDRESS, bed, closeBed, DAY_MS, openFunding, pledgeOf, won } from './support.js';

const payment = await openPaymentPeer();
const { projects, pledges, stop } = await openFunding({ payment: payment.address });

test('a project is drafted, reviewed, opened, backed, closed and charged', async () => {
  const sellerId = randomUUID();
  const [seller, admin] = [await bed.as(sellerId, 'SELLER'), await bed.as(randomUUID(), 'ADMIN')];
  const published = await payment.events.listen(ProjectPublished);
  const closed = await payment.events.listen(ProjectClosed);
  const settled = await payment.events.listen(ProjectSettled);
  const charging = await payment.events.listen(PledgeCharging);
  const paid = await payment.events.listen(PledgePaid);

  const startTime = bed.now();
  const draft = {
    title: '한지로 만든 달빛 조명',
    summary: '',
    story: '# 이야기',
    category: 'design',
    imageUrls: ['https://images.example/1.jpg'],
    kind: Project_Kind.KIND_ALL_OR_NOTHING,
    goal: won(50_000n),
    startTime,
    closeTime: new Date(startTime.getTime() + 7 * DAY_MS),
  };
  const reward = {
    title: '조명',
    description: '',
    price: won(30_000n),
    stock: 10,
    limitPerBacker: 2,
    deliveryMonth: '2027-03',
    ships: true,
    addOn: false,
  };
  const { project } = await projects.createProject({ requestId: randomUUID(), project: draft, rewards: [reward] }, seller);
  assert.is(project?.state, Project_State.STATE_DRAFT);
  const id = project!.id;
  await projects.submitProject({ requestId: randomUUID(), id }, seller);
  const inReview = await projects.listProjectsInReview({ pageSize: 0, pageToken: '' }, admin);
  assert.ok(inReview.projects.some((waiting) => waiting.id === id));
  await projects.reviewProject({ requestId: randomUUID(), id, decision: { $case: 'approve', value: { retryPolicy: undefined } } }, admin);
  const live = await until(async () => {
    const { project: seen } = await projects.getProject({ id });
    return seen?.phase === Project_Phase.PHASE_IN_PROGRESS ? seen : undefined;
  });
  assert.is(live.story, '# 이야기');

  const backer = { id: randomUUID(), billingMethodId: randomUUID() };
  await payment.register(backer.id, backer.billingMethodId);
  const request = pledgeOf(backer, id, live.rewards[0]!.id, 2, { address: ADDRESS });
  const { pledge } = await until(async () => pledges.createPledge(request, await bed.as(backer.id)));
  assert.equal((await projects.getProject({ id })).project?.progress, { raised: won(60_000n), pledgeCount: 1, percent: 120 });
  assert.is((await projects.getProject({ id })).project?.phase, Project_Phase.PHASE_GOAL_MET);

  bed.shiftClock(7 * DAY_MS);
  const charge = await until(() => payment.sent.find(({ pledgeId }) => pledgeId === pledge?.id));
  assert.equal(
    { ...charge },
    {
      pledgeId: pledge!.id,
      projectId: id,
      sellerId,
      backerId: backer.id,
      billingMethodId: backer.billingMethodId,
      amount: won(60_000n),
      attempt: 1,
      platformCouponMinor: 0n,
      sellerCouponMinor: 0n,
      pointsMinor: 0n,
    },
  );
  await payment.complete(charge);
  await until(async () => (await projects.getProject({ id })).project?.state === Project_State.STATE_SUCCEEDED);
  const after = await pledges.getPledge({ id: pledge!.id }, await bed.as(backer.id));
  assert.is(after.pledge?.state, Pledge_State.STATE_PAID);

  await until(() => settled.length === 1);
  assert.equal(
    published.map(({ projectId, sellerId, title }) => [projectId, sellerId, title]),
    [[id, sellerId, draft.title]],
  );
  assert.equal(
    closed.map(({ outcome, raised, pledgeCount }) => [outcome, raised, pledgeCount]),
    [[Project_State.STATE_CHARGING, won(60_000n), 1]],
  );
  assert.equal(
    charging.map(({ pledgeId }) => pledgeId),
    [pledge!.id],
  );
  assert.equal(
    paid.map(({ total }) => total),
    [won(60_000n)],
  );
  assert.equal(settled, [{ projectId: id, sellerId, charged: won(60_000n), paidCount: 1, droppedCount: 0 }]);
});

test.after(() => closeBed(stop, payment.stop));
test.run();
