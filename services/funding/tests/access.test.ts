// Who may do what: roles, and other people's ids.
import { randomUUID } from 'node:crypto';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { Project_Kind } from '@moa/contracts/funding/v1/project';
import { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADDRESS, backer, bed, closeBed, DAY_MS, liveProject, openFunding, pledgeOf, refusal, sql, won } from './support.js';

const { projects, pledges, updates, stop } = await openFunding();

const draft = {
  title: '달빛 조명',
  summary: '',
  story: '',
  category: 'design',
  imageUrls: [],
  kind: Project_Kind.KIND_ALL_OR_NOTHING,
  goal: won(1_000n),
  startTime: bed.now(),
  closeTime: new Date(bed.now().getTime() + DAY_MS),
};
const reward = {
  title: '조명',
  description: '',
  price: won(1_000n),
  limitPerBacker: 0,
  deliveryMonth: '2027-03',
  ships: false,
  addOn: false,
};
const page = { pageSize: 0, pageToken: '' };
const fresh = () => ({ requestId: randomUUID() });

async function drafted() {
  const sellerId = randomUUID();
  const seller = await bed.as(sellerId, 'SELLER');
  const { project } = await projects.createProject({ ...fresh(), project: draft, rewards: [reward] }, seller);
  return { id: project!.id, rewardId: project!.rewards[0]!.id, etag: project!.etag, sellerId, seller };
}

// Every RPC with an id in it, called about somebody else's draft or pledge.
const { id, rewardId, etag } = await drafted();
const foreign = await liveProject();
const owner = await backer();
const { pledge } = await pledges.createPledge(pledgeOf(owner, foreign.projectId, foreign.rewardId), await bed.as(owner.id));
const change = { ...fresh(), id: pledge!.id, lines: [], extra: won(1n), billingMethodId: '', address: undefined };
const told = { projectId: foreign.projectId, title: '소식', body: '있습니다', imageUrls: [], backersOnly: false };
const calls: Record<string, { as: string[]; call: (metadata?: Awaited<ReturnType<typeof bed.as>>) => Promise<unknown>; refusal?: string }> =
  {
    createProject: { as: ['SELLER'], call: (as) => projects.createProject({ ...fresh(), project: draft, rewards: [] }, as) },
    updateProject: {
      as: ['SELLER'],
      call: (as) => projects.updateProject({ id, project: draft, updateMask: ['title'], etag }, as),
      refusal: 'PROJECT_NOT_FOUND',
    },
    addReward: {
      as: ['SELLER'],
      call: (as) => projects.addReward({ ...fresh(), projectId: id, reward }, as),
      refusal: 'PROJECT_NOT_FOUND',
    },
    updateReward: {
      as: ['SELLER'],
      call: (as) => projects.updateReward({ id: rewardId, reward, updateMask: ['title'] }, as),
      refusal: 'REWARD_NOT_FOUND',
    },
    submitProject: { as: ['SELLER'], call: (as) => projects.submitProject({ ...fresh(), id }, as), refusal: 'PROJECT_NOT_FOUND' },
    reviewProject: {
      as: ['ADMIN'],
      call: (as) =>
        projects.reviewProject({ ...fresh(), id: randomUUID(), decision: { $case: 'approve', value: { retryPolicy: undefined } } }, as),
      refusal: 'PROJECT_NOT_FOUND',
    },
    cancelProject: {
      as: ['SELLER', 'ADMIN'],
      call: (as) => projects.cancelProject({ ...fresh(), id: randomUUID(), reason: '그만' }, as),
      refusal: 'PROJECT_NOT_FOUND',
    },
    getProject: { as: [], call: (as) => projects.getProject({ id }, as), refusal: 'PROJECT_NOT_FOUND' },
    listProjects: { as: [], call: (as) => projects.listProjects({ category: '', phase: 0, order: 0, titleContains: '', ...page }, as) },
    listMyProjects: { as: ['SELLER'], call: (as) => projects.listMyProjects(page, as) },
    listProjectsInReview: { as: ['ADMIN'], call: (as) => projects.listProjectsInReview(page, as) },
    watchProject: { as: [], call: (as) => projects.watchProject({ id }, as).toArray(), refusal: 'PROJECT_NOT_FOUND' },
    postUpdate: { as: ['SELLER'], call: (as) => updates.postUpdate({ ...fresh(), ...told }, as), refusal: 'PROJECT_NOT_FOUND' },
    listUpdates: { as: [], call: (as) => updates.listUpdates({ projectId: id, ...page }, as), refusal: 'PROJECT_NOT_FOUND' },
    createPledge: {
      as: ['USER'],
      call: (as) => pledges.createPledge(pledgeOf(owner, foreign.projectId, foreign.rewardId), as),
      refusal: 'BILLING_METHOD_UNKNOWN',
    },
    changePledge: { as: ['USER'], call: (as) => pledges.changePledge(change, as), refusal: 'PLEDGE_NOT_FOUND' },
    cancelPledge: { as: ['USER'], call: (as) => pledges.cancelPledge({ ...fresh(), id: pledge!.id }, as), refusal: 'PLEDGE_NOT_FOUND' },
    getPledge: { as: ['USER'], call: (as) => pledges.getPledge({ id: pledge!.id }, as), refusal: 'PLEDGE_NOT_FOUND' },
    listMyPledges: { as: ['USER'], call: (as) => pledges.listMyPledges(page, as) },
    listProjectPledges: {
      as: ['SELLER'],
      call: (as) => pledges.listProjectPledges({ projectId: foreign.projectId, ...page }, as),
      refusal: 'PROJECT_NOT_FOUND',
    },
    openLatePledges: {
      as: ['SELLER'],
      call: (as) => projects.openLatePledges({ ...fresh(), id: foreign.projectId, until: new Date() }, as),
      refusal: 'PROJECT_NOT_FOUND',
    },
    cancelFundedProject: {
      as: ['ADMIN'],
      call: (as) => projects.cancelFundedProject({ ...fresh(), id: randomUUID(), reason: '그만' }, as),
      refusal: 'PROJECT_NOT_FOUND',
    },
    refundPledge: {
      as: ['ADMIN'],
      call: (as) => pledges.refundPledge({ ...fresh(), id: randomUUID(), reason: '그만', amount: undefined }, as),
      refusal: 'PLEDGE_NOT_FOUND',
    },
  };

// Envoy knows no way to them; the chain of every service refuses whoever is not on their list.
const FOR_SERVICES = ['listChargedPledges', 'listPledgesForMyPage'];

test('every RPC is here', () => {
  const services = [ProjectServiceDefinition, PledgeServiceDefinition, UpdateServiceDefinition];
  const all = services.flatMap(({ methods }) => Object.keys(methods));
  assert.equal([...Object.keys(calls), ...FOR_SERVICES].sort(), all.sort());
});

for (const [name, { as, call, refusal: expected }] of Object.entries(calls)) {
  test(`${name} is for ${as.join(' and ') || 'everybody'}, and tells nothing of what is another's`, async () => {
    if (as.length > 0) {
      assert.is(await refusal(call()), 'TOKEN_MISSING');
      const others = ['USER', 'SELLER', 'ADMIN', 'COMPLIANCE', 'PARTNER'].filter((role) => !as.includes(role));
      for (const role of others) assert.is(await refusal(call(await bed.as(randomUUID(), role))), 'CALLER_NOT_ALLOWED', role);
    }
    for (const role of as.length > 0 ? as : ['USER']) {
      const answer = call(await bed.as(randomUUID(), role));
      if (expected) assert.is(await refusal(answer), expected);
      else await answer;
    }
  });
}

test('a draft is seen by its seller and by admins, and by nobody else', async () => {
  const { id, seller } = await drafted();
  assert.ok((await projects.getProject({ id }, seller)).project);
  assert.ok((await projects.getProject({ id }, await bed.as(randomUUID(), 'ADMIN'))).project);
  assert.is(await refusal(projects.getProject({ id })), 'PROJECT_NOT_FOUND');
  assert.is(await refusal(projects.getProject({ id }, await bed.as(randomUUID(), 'SELLER'))), 'PROJECT_NOT_FOUND');
});

test('a seller sees addresses of the own project only, and only of pledges that stand', async () => {
  const { projectId, rewardId, sellerId } = await liveProject({ rewards: [{ ships: true }] });
  const who = await backer();
  const token = await bed.as(who.id);
  const { pledge } = await pledges.createPledge(pledgeOf(who, projectId, rewardId, 1, { address: ADDRESS }), token);
  const seller = await bed.as(sellerId, 'SELLER');
  assert.equal(
    (await pledges.listProjectPledges({ projectId, ...page }, seller)).pledges.map(({ address }) => address),
    [ADDRESS],
  );
  await pledges.cancelPledge({ ...fresh(), id: pledge!.id }, token);
  assert.equal(
    (await pledges.listProjectPledges({ projectId, ...page }, seller)).pledges.map(({ address }) => address),
    [undefined],
  );
  assert.equal(
    (await pledges.listMyPledges(page, token)).pledges.map(({ address }) => address),
    [ADDRESS],
  );
});

test('no event names an address', async () => {
  const { rows } = await sql.query("SELECT body::text FROM kit.outbox WHERE body::text LIKE '%line1%' OR body::text LIKE '%recipient%'");
  assert.equal(rows, []);
});

test.after(() => closeBed(stop));
test.run();
