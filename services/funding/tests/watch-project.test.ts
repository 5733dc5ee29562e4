import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientReadableStream, status } from '@grpc/grpc-js';
import { Project_Phase } from '@moa/contracts/funding/v1/project';
import { ProjectServiceDefinition, type WatchProjectResponse } from '@moa/contracts/funding/v1/project_service';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openPaymentPeer } from './payment-peer.js';
import { bed, closeBed, liveProject, openFunding, placePledges, sql } from './support.js';

const payment = await openPaymentPeer();
const { address, projects, stop } = await openFunding({ payment: payment.address });
const connect = () => bed.connect(ProjectServiceDefinition, address);

/** Reads a stream in the background: what came, and how it ended. */
function follow(stream: ClientReadableStream<WatchProjectResponse>) {
  const seen: WatchProjectResponse[] = [];
  let outcome: string | undefined;
  stream
    .on('data', (message) => seen.push(message))
    .on('end', () => {
      outcome ??= 'OK';
    })
    .on('error', (error) => {
      outcome = reasonOf(error) ?? error.message;
    });
  return {
    seen,
    outcome: () => outcome,
    raised: () => Number(seen.at(-1)?.progress?.raised?.amountMinor ?? -1),
    cancel: () => stream.cancel(),
  };
}

const raise = (id: string, raised: number) =>
  sql.query('UPDATE project SET raised_minor = $2::integer, pledge_count = $2::integer / 10000 WHERE id = $1', [id, raised]);
const close = (id: string) => sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [id, bed.now()]);

/** Does something while the table of pledges is locked away: whoever touched it would wait. */
async function withoutPledges(work: () => Promise<void>): Promise<void> {
  const guard = await sql.connect();
  try {
    await guard.query('BEGIN');
    await guard.query('LOCK TABLE pledge IN ACCESS EXCLUSIVE MODE');
    await work();
  } finally {
    await guard.query('ROLLBACK');
    guard.release();
  }
}

test('a thousand viewers of two projects see their own to its end, while nobody may look at a pledge', async () => {
  const [a, b] = [await liveProject({ goalMinor: 100_000 }), await liveProject({ goalMinor: 1_000_000 })];
  const connections = Array.from({ length: 4 }, connect);
  const viewers = Array.from({ length: 1_000 }, (_, index) => ({
    ofA: index % 2 === 0,
    ...follow(connections[index % 4]!.watchProject({ id: index % 2 === 0 ? a.projectId : b.projectId })),
  }));
  const ofA = viewers.filter((viewer) => viewer.ofA);
  const ofB = viewers.filter((viewer) => !viewer.ofA);
  await until(() => viewers.every(({ seen }) => seen.length === 1));

  await withoutPledges(async () => {
    await raise(a.projectId, 40_000);
    const raisedAtMs = performance.now();
    await until(() => ofA.every(({ raised }) => raised() === 40_000));
    console.error(`» 500 viewers have seen a pledge after ${Math.round(performance.now() - raisedAtMs)} ms`);
    const late = follow(connect().watchProject({ id: a.projectId }));
    ofA.push({ ofA: true, ...late });
    await until(() => late.raised() === 40_000);
    assert.is(late.seen.length, 1);
    assert.ok(ofB.every(({ seen, raised }) => seen.length === 1 && raised() === 0));
  });

  await raise(a.projectId, 0);
  await placePledges(12, a.projectId, a.rewardId);
  await close(a.projectId);
  await until(() => ofA.every(({ outcome }) => outcome() === 'OK'));
  for (const { seen } of ofA) {
    const last = seen.at(-1)!;
    assert.equal(last, {
      progress: { raised: { currencyCode: 'KRW', amountMinor: 120_000n }, pledgeCount: 12, percent: 120 },
      phase: Project_Phase.PHASE_ENDED_WITH_SUCCESS,
      ended: true,
    });
    assert.is(seen.filter(({ ended }) => ended).length, 1);
  }
  assert.ok(ofB.every(({ seen, outcome }) => seen.length === 1 && outcome() === undefined));
  for (const { cancel } of ofB) cancel();
});

test('a burst of pledges comes as a few messages, the last of them right', async () => {
  const { projectId, rewardId } = await liveProject();
  const viewer = follow(connect().watchProject({ id: projectId }));
  await until(() => viewer.seen.length === 1);
  for (let batch = 0; batch < 20; batch++) await placePledges(10, projectId, rewardId);
  await until(() => viewer.raised() === 2_000_000);
  assert.ok(viewer.seen.length <= 12, `${viewer.seen.length} messages`);
  viewer.cancel();
});

test('a project goes through its phases before those who watch', async () => {
  const { projectId } = await liveProject({ goalMinor: 10_000 });
  await sql.query("UPDATE project SET state = 'SCHEDULED', start_time = $2 WHERE id = $1", [
    projectId,
    new Date(bed.now().getTime() + 3_600_000),
  ]);
  const viewer = follow(connect().watchProject({ id: projectId }));
  const phases = () => viewer.seen.map(({ phase }) => phase);
  await until(() => phases().includes(Project_Phase.PHASE_UPCOMING));
  await sql.query('UPDATE project SET start_time = $2 WHERE id = $1', [projectId, bed.now()]);
  await until(() => phases().includes(Project_Phase.PHASE_IN_PROGRESS));
  await raise(projectId, 10_000);
  await until(() => phases().includes(Project_Phase.PHASE_GOAL_MET));
  await projects.cancelProject({ requestId: randomUUID(), id: projectId, reason: '그만둡니다' }, await bed.as(randomUUID(), 'ADMIN'));
  await until(() => viewer.outcome() === 'OK');
  assert.equal(phases(), [
    Project_Phase.PHASE_UPCOMING,
    Project_Phase.PHASE_IN_PROGRESS,
    Project_Phase.PHASE_GOAL_MET,
    Project_Phase.PHASE_ENDED_WITHOUT_SUCCESS,
  ]);
});

test('a hidden project is found by nobody', async () => {
  const { projectId, sellerId } = await liveProject();
  await sql.query("UPDATE project SET public = false, state = 'DRAFT' WHERE id = $1", [projectId]);
  for (const [id, as] of [
    [projectId, undefined],
    [projectId, await bed.as(sellerId, 'SELLER')],
    [randomUUID(), undefined],
  ] as const) {
    const stream = connect().watchProject({ id }, as);
    const [error] = await once(stream.resume(), 'error');
    assert.equal([error.code, reasonOf(error)], [status.NOT_FOUND, 'PROJECT_NOT_FOUND']);
  }
});

test('two copies of the service tell the same', async () => {
  const other = await openFunding({ payment: payment.address });
  const { projectId, rewardId } = await liveProject();
  const viewers = [projects, other.projects].map((copy) => follow(copy.watchProject({ id: projectId })));
  await until(() => viewers.every(({ seen }) => seen.length === 1));
  await placePledges(3, projectId, rewardId);
  await until(() => viewers.every(({ raised }) => raised() === 30_000));
  await other.stop();
  assert.is(viewers[1]!.outcome(), 'SERVICE_UNAVAILABLE');
  assert.is(viewers[0]!.outcome(), undefined);
  viewers[0]!.cancel();
});

test.after(() => closeBed(stop, payment.stop));
test.run();
