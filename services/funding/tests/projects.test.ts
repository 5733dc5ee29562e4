import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Project_Kind, Project_State, type ProjectDraft, type RewardDraft } from '@moa/contracts/funding/v1/project';
import { reasonOf, until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, closeBed, DAY_MS, liveProject, openFunding, placePledges, refusal, remaining, sql, won } from './support.js';

const { projects, stop } = await openFunding();
// Made anew each time: the clock moves.
const admin = () => bed.as(randomUUID(), 'ADMIN');

function draftOf(more: Partial<ProjectDraft> = {}): ProjectDraft {
  const startTime = new Date(bed.now().getTime() + DAY_MS);
  return {
    title: '한지로 만든 달빛 조명',
    summary: '밤을 닮은 조명',
    story: '# 이야기',
    category: 'design',
    imageUrls: [],
    kind: Project_Kind.KIND_ALL_OR_NOTHING,
    goal: won(1_000_000n),
    startTime,
    closeTime: new Date(startTime.getTime() + 30 * DAY_MS),
    ...more,
  };
}

const rewardOf = (more: Partial<RewardDraft> = {}): RewardDraft => ({
  title: '조명 하나',
  description: '',
  price: won(30_000n),
  stock: 10,
  limitPerBacker: 2,
  deliveryMonth: '2027-03',
  ships: true,
  addOn: false,
  ...more,
});

async function created(rewards: RewardDraft[] = [rewardOf()], more: Partial<ProjectDraft> = {}) {
  const sellerId = randomUUID();
  const seller = await bed.as(sellerId, 'SELLER');
  const { project } = await projects.createProject({ requestId: randomUUID(), project: draftOf(more), rewards }, seller);
  return { project: project!, id: project!.id, sellerId, seller };
}

const submit = (id: string) => ({ requestId: randomUUID(), id });
const approve = (id: string) => ({
  requestId: randomUUID(),
  id,
  decision: { $case: 'approve' as const, value: { retryPolicy: undefined } },
});
const reject = (id: string, reason: string) => ({ requestId: randomUUID(), id, decision: { $case: 'reject' as const, value: { reason } } });

async function scheduled() {
  const draft = await created();
  await projects.submitProject(submit(draft.id), draft.seller);
  const { project } = await projects.reviewProject(approve(draft.id), await admin());
  return { ...draft, project: project! };
}

test('a draft is as its seller said, and repeated, the same', async () => {
  const seller = await bed.as(randomUUID(), 'SELLER');
  const request = { requestId: randomUUID(), project: draftOf(), rewards: [rewardOf(), rewardOf({ stock: undefined })] };
  const { project } = await projects.createProject(request, seller);
  assert.equal(await projects.createProject(request, seller), { project });
  assert.is(project?.state, Project_State.STATE_DRAFT);
  assert.equal([project?.goal, project?.startTime, project?.story], [won(1_000_000n), request.project.startTime, '# 이야기']);
  assert.equal(
    project?.rewards.map(({ stock, remaining }) => [stock, remaining]),
    [
      [10, 10],
      [undefined, undefined],
    ],
  );
  assert.equal(await projects.getProject({ id: project!.id }, seller), { project });
});

test('tells each field of a draft at fault', async () => {
  const seller = await bed.as(randomUUID(), 'SELLER');
  const fieldsAt = async (project: ProjectDraft, rewards: RewardDraft[]) => {
    const error = await projects.createProject({ requestId: randomUUID(), project, rewards }, seller).catch((error) => error);
    assert.is(error.code, status.INVALID_ARGUMENT);
    return violationsOf(error)
      .map(({ field }) => field)
      .sort();
  };
  const start = bed.now();
  const days = (count: number) => new Date(start.getTime() + count * DAY_MS);
  assert.equal(await fieldsAt(draftOf({ title: '', kind: 0 }), [rewardOf({ deliveryMonth: '2027-13' })]), [
    'project.kind',
    'project.title',
    'rewards[0].delivery_month',
  ]);
  assert.equal(await fieldsAt(draftOf({ startTime: start, closeTime: start, goal: won(0n) }), []), [
    'project.close_time',
    'project.goal.amount_minor',
  ]);
  assert.equal(await fieldsAt(draftOf({ startTime: start, closeTime: days(61) }), []), ['project.close_time']);
  const prices = [rewardOf({ price: won(0n) }), rewardOf({ price: { currencyCode: 'USD', amountMinor: 5n } })];
  assert.equal(await fieldsAt(draftOf(), prices), ['rewards[0].price.amount_minor', 'rewards[1].price.currency_code']);
});

test('an update changes the named fields only, for who read the latest', async () => {
  const { id, project, seller } = await created();
  const next = draftOf({ title: '새 이름', goal: won(5n), category: 'light' });
  const update = { id, project: next, updateMask: ['title', 'goal'], etag: project.etag };
  const { project: updated } = await projects.updateProject(update, seller);
  assert.equal([updated?.title, updated?.goal, updated?.category], ['새 이름', won(5n), 'design']);
  assert.is.not(updated?.etag, project.etag);
  const stale = await projects.updateProject(update, seller).catch((error) => error);
  assert.equal([stale.code, reasonOf(stale)], [status.ABORTED, 'ETAG_STALE']);
});

test('of ten updates of the same reading, one wins', async () => {
  const { id, project, seller } = await created();
  const answers = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) =>
      projects.updateProject({ id, project: draftOf({ title: `이름 ${index}` }), updateMask: ['title'], etag: project.etag }, seller),
    ),
  );
  assert.is(answers.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('an update is checked as a whole', async () => {
  const { id, project, seller } = await created();
  const update = async (next: Partial<ProjectDraft>, updateMask: string[]) => {
    const error = await projects
      .updateProject({ id, project: draftOf(next), updateMask, etag: project.etag }, seller)
      .catch((error) => error);
    return violationsOf(error).map(({ field }) => field);
  };
  assert.equal(await update({ title: '' }, ['title']), ['project.title']);
  assert.equal(await update({ closeTime: new Date(0) }, ['close_time']), ['project.close_time']);
  assert.equal(await update({ goal: undefined }, ['goal']), ['project.goal']);
  assert.equal(await update({ goal: { currencyCode: 'USD', amountMinor: 1n } }, ['goal']), ['rewards[0].price.currency_code']);
  for (const mask of [['seller_id'], ['imageUrls'], ['goal.amount_minor'], ['__proto__'], []])
    assert.equal(await update({}, mask), ['update_mask']);
});

test('a review sends back with a reason, and approves what was changed', async () => {
  const { id, seller, project } = await created();
  await projects.submitProject(submit(id), seller);
  assert.is(await refusal(projects.submitProject(submit(id), seller)), 'PROJECT_IN_REVIEW');
  const update = { id, project: draftOf({ title: '이름' }), updateMask: ['title'], etag: project.etag };
  assert.is(await refusal(projects.updateProject(update, seller)), 'PROJECT_IN_REVIEW');
  const { project: rejected } = await projects.reviewProject(reject(id, '사진이 없습니다'), await admin());
  assert.equal([rejected?.state, rejected?.rejectionReason], [Project_State.STATE_REJECTED, '사진이 없습니다']);
  assert.is(await refusal(projects.reviewProject(approve(id), await admin())), 'PROJECT_NOT_IN_REVIEW');
  await projects.updateProject(update, seller);
  await projects.submitProject(submit(id), seller);
  const { project: approved } = await projects.reviewProject(approve(id), await admin());
  assert.equal([approved?.state, approved?.rejectionReason], [Project_State.STATE_SCHEDULED, '']);
  assert.is(await refusal(projects.submitProject(submit(id), seller)), 'PROJECT_SUBMITTED');
});

test('there must be a reward, and time left, to hand a project in', async () => {
  const bare = await created([]);
  assert.is(await refusal(projects.submitProject(submit(bare.id), bare.seller)), 'REWARD_MISSING');
  const startTime = new Date(bed.now().getTime() - 2 * DAY_MS);
  const late = await created([rewardOf()], { startTime, closeTime: new Date(startTime.getTime() + DAY_MS) });
  assert.is(await refusal(projects.submitProject(submit(late.id), late.seller)), 'CLOSE_TIME_PASSED');
});

test('of a public project only what tells about it may change', async () => {
  const { id, project, seller } = await scheduled();
  const update = { id, project: draftOf({ summary: '새로', story: '더' }), etag: project.etag };
  const { project: updated } = await projects.updateProject({ ...update, updateMask: ['summary', 'story', 'image_urls'] }, seller);
  assert.is(updated?.summary, '새로');
  for (const field of ['title', 'category', 'kind', 'goal', 'start_time', 'close_time']) {
    assert.is(await refusal(projects.updateProject({ ...update, updateMask: [field], etag: updated!.etag }, seller)), 'FIELD_FROZEN');
  }
});

test('a scheduled project opens at its start time', async () => {
  const { id } = await scheduled();
  bed.shiftClock(DAY_MS);
  await until(async () => (await projects.getProject({ id })).project?.state === Project_State.STATE_LIVE);
});

test('rewards are added until the end, and each once', async () => {
  const { id, seller } = await scheduled();
  const request = { requestId: randomUUID(), projectId: id, reward: rewardOf({ title: '둘' }) };
  const { reward } = await projects.addReward(request, seller);
  assert.equal(await projects.addReward(request, seller), { reward });
  assert.is((await projects.getProject({ id })).project?.rewards.length, 2);
  const foreign = rewardOf({ price: { currencyCode: 'USD', amountMinor: 1n } });
  const error = await projects.addReward({ ...request, requestId: randomUUID(), reward: foreign }, seller).catch((error) => error);
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['reward.price.currency_code'],
  );
  await projects.cancelProject({ ...submit(id), reason: '그만' }, seller);
  assert.is(await refusal(projects.addReward({ ...request, requestId: randomUUID() }, seller)), 'PROJECT_ENDED');
});

test('stock may grow, and shrink to what is taken; price, limit and sending are frozen once public', async () => {
  const { projectId, sellerId, rewardId } = await liveProject({ rewards: [{ stock: 5 }] });
  const seller = await bed.as(sellerId, 'SELLER');
  await placePledges(3, projectId, rewardId);
  const update = (next: Partial<RewardDraft>, ...updateMask: string[]) =>
    projects.updateReward({ id: rewardId, reward: rewardOf(next), updateMask }, seller);
  assert.is((await update({ stock: 8 }, 'stock')).reward?.remaining, 5);
  assert.is((await update({ stock: 3 }, 'stock')).reward?.remaining, 0);
  assert.is(await refusal(update({ stock: 2 }, 'stock')), 'STOCK_BELOW_TAKEN');
  assert.is(await refusal(update({ stock: undefined }, 'stock')), 'FIELD_FROZEN');
  for (const field of ['price', 'limit_per_backer', 'ships']) assert.is(await refusal(update({}, field)), 'FIELD_FROZEN');
  assert.is((await update({ title: '새 이름', description: '설명' }, 'title')).reward?.description, '');
  assert.is(await remaining(rewardId), 0);
});

test('of a draft everything about a reward may change', async () => {
  const { project, seller } = await created();
  const { id } = project.rewards[0]!;
  const next = rewardOf({ price: won(1n), stock: undefined, limitPerBacker: 0, ships: false });
  const { reward } = await projects.updateReward({ id, reward: next, updateMask: ['price', 'stock', 'limit_per_backer', 'ships'] }, seller);
  assert.equal(
    [reward?.price, reward?.stock, reward?.remaining, reward?.limitPerBacker, reward?.ships],
    [won(1n), undefined, undefined, 0, false],
  );
  const wrong = await projects.updateReward({ id, reward: rewardOf({ title: '' }), updateMask: ['title'] }, seller).catch((error) => error);
  assert.equal(
    violationsOf(wrong).map(({ field }) => field),
    ['reward.title'],
  );
});

test('stock that changes while everybody pledges stays exact', async () => {
  const { projectId, sellerId, rewardId } = await liveProject({ rewards: [{ stock: 20 }] });
  const seller = await bed.as(sellerId, 'SELLER');
  await Promise.all([
    ...Array.from({ length: 10 }, () => placePledges(1, projectId, rewardId)),
    ...[25, 30, 22].map((stock) => projects.updateReward({ id: rewardId, reward: rewardOf({ stock }), updateMask: ['stock'] }, seller)),
  ]);
  const { rows } = await sql.query('SELECT stock - remaining AS taken FROM reward WHERE id = $1', [rewardId]);
  assert.is(rows[0].taken, 10);
});

test('a draft that is canceled stays hidden, and what was public stays to be seen', async () => {
  const draft = await created();
  await projects.cancelProject({ ...submit(draft.id), reason: '그만' }, draft.seller);
  assert.is(await refusal(projects.getProject({ id: draft.id })), 'PROJECT_NOT_FOUND');
  const open = await scheduled();
  await projects.cancelProject({ ...submit(open.id), reason: '그만' }, await admin());
  assert.is((await projects.getProject({ id: open.id })).project?.state, Project_State.STATE_CANCELED);
});

test('how refused charges are tried again is said at the review, and shown to seller and staff only', async () => {
  const { id, seller } = await created();
  const shownTo = async (as?: Awaited<ReturnType<typeof bed.as>>) => (await projects.getProject({ id }, as)).project!.retryPolicy;
  assert.equal(await shownTo(seller), { retries: 7, intervalHours: 24 });
  await projects.submitProject(submit(id), seller);
  const approving = (retries: number, intervalHours: number) => ({
    requestId: randomUUID(),
    id,
    decision: { $case: 'approve' as const, value: { retryPolicy: { retries, intervalHours } } },
  });
  for (const [retries, hours] of [
    [31, 24],
    [7, 0],
    [7, 169],
  ] as const)
    assert.is(await refusal(projects.reviewProject(approving(retries, hours), await admin())), 'REQUEST_INVALID');
  await projects.reviewProject(approving(30, 168), await admin());
  for (const as of [seller, await admin()]) assert.equal(await shownTo(as), { retries: 30, intervalHours: 168 });
  for (const as of [undefined, await bed.as(randomUUID(), 'SELLER')]) assert.is(await shownTo(as), undefined);
  const [mine] = (await projects.listMyProjects({ pageSize: 0, pageToken: '' }, seller)).projects;
  assert.equal(mine!.retryPolicy, { retries: 30, intervalHours: 168 });
});

test('why a project was canceled is shown to everybody', async () => {
  const { projectId, sellerId } = await liveProject();
  const reason = '재료를 구하지 못했습니다';
  await projects.cancelProject({ requestId: randomUUID(), id: projectId, reason }, await bed.as(sellerId, 'SELLER'));
  assert.is((await projects.getProject({ id: projectId })).project!.cancelReason, reason);
});

test.after(() => closeBed(stop));
test.run();
