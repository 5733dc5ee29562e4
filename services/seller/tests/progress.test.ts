import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import {
  PledgeCanceled,
  PledgeChanged,
  PledgeCharging,
  PledgeCreated,
  PledgeDropped,
  PledgePaid,
  PledgePaymentFailed,
  PledgeRefunded,
  ProjectClosed,
  ProjectPublished,
  ProjectSettled,
} from '@moa/contracts/funding/v1/funding_events';
import { FundingPhase } from '@moa/contracts/seller/v1/dashboard';
import { reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDashboard, pledgeOf, projectOf, won } from './dashboard-support.js';
import { refusal } from './support.js';

const house = await openDashboard('progress');
const { bed, caughtUp, dashboard, database, events, person } = house;
const createTime = new Date('2026-11-10T09:00:00Z');
const failed = { attempts: 1, nextChargeTime: undefined };

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271 + 11) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

type As = Awaited<ReturnType<typeof person>>['as'];
const progressOf = async (as: As, projectId: string) =>
  (await dashboard.getFundingProgress({ projectId, pageSize: 0, pageToken: '' }, as)).projects[0]!;

test('a live project shows what its pledges come to, changed and canceled ones too, and how fresh that is', async () => {
  const { id, as } = await person();
  const project = projectOf(id);
  await events.publish(ProjectPublished, project.published);
  const [kept, changed, canceled] = [30_000n, 20_000n, 50_000n].map((amount) => pledgeOf(project.projectId, amount));
  for (const pledge of [kept, changed, canceled]) await events.publish(PledgeCreated, { ...pledge!, createTime, late: false });
  await events.publish(PledgeChanged, { ...changed!, total: won(45_001n) }, { version: 2 });
  await events.publish(PledgeCanceled, canceled!, { version: 2 });
  await caughtUp();

  const { projects, asOf } = await dashboard.getFundingProgress({ pageSize: 0, pageToken: '' }, as);
  assert.ok(asOf! <= bed.now());
  assert.equal(projects, [
    {
      projectId: project.projectId,
      title: '달항아리',
      phase: FundingPhase.FUNDING_PHASE_LIVE,
      closeTime: project.published.closeTime,
      goal: won(100_000n),
      raised: won(75_001n),
      pledgeCount: 2,
      percent: 75,
      charged: won(0n),
      paidCount: 0,
      chargingCount: 0,
      dropped: won(0n),
      droppedCount: 0,
    },
  ]);
});

test('after the close the total is frozen, and charges are counted as they come', async () => {
  const { id, as } = await person();
  const project = projectOf(id);
  await events.publish(ProjectPublished, project.published);
  const pledges = Array.from({ length: 5 }, (_, index) => pledgeOf(project.projectId, BigInt(index + 1) * 10_000n));
  for (const pledge of pledges) await events.publish(PledgeCreated, { ...pledge, createTime, late: false });
  await events.publish(ProjectClosed, project.closed(150_000n, 5, 'CHARGING'), { version: 3 });
  for (const pledge of pledges) await events.publish(PledgeCharging, pledge, { version: 2 });
  const [paid, refunded, refused, dropped] = pledges;
  await events.publish(PledgePaid, paid!, { version: 3 });
  await events.publish(PledgePaid, refunded!, { version: 3 });
  await events.publish(PledgeRefunded, refunded!, { version: 4 });
  await events.publish(PledgePaymentFailed, { ...refused!, ...failed }, { version: 3 });
  await events.publish(PledgeDropped, dropped!, { version: 3 });
  await caughtUp();
  const { phase, raised, pledgeCount, percent, charged, paidCount, chargingCount, ...rest } = await progressOf(as, project.projectId);
  assert.equal(
    [phase, raised, pledgeCount, percent, charged, paidCount, chargingCount, rest.dropped, rest.droppedCount],
    [FundingPhase.FUNDING_PHASE_CHARGING, won(150_000n), 5, 150, won(30_000n), 2, 2, won(40_000n), 1],
  );
});

test('whatever the order, and however often each comes, the counts are exact', async () => {
  const { id, as } = await person();
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const random = seeded(seed);
  const expected: [string, unknown[]][] = [];
  const publishing: (() => Promise<unknown>)[] = [];
  for (let count = 0; count < 8; count++) {
    const project = projectOf(id);
    const pledges = Array.from({ length: 4 }, (_, index) => pledgeOf(project.projectId, BigInt(index + 1) * 1_000n));
    const raised = won(9_000n + BigInt(count));
    const ends = [PledgePaid, PledgeDropped, PledgeCanceled, PledgePaid];
    const sayings = [
      () => events.publish(ProjectPublished, project.published, { version: 1 }),
      () => events.publish(ProjectClosed, project.closed(raised.amountMinor, 3, 'CHARGING'), { version: 4 }),
      () => events.publish(ProjectSettled, project.settled, { version: 5 }),
      ...pledges.flatMap((pledge, index) => [
        () => events.publish(PledgeCreated, { ...pledge, createTime, late: false }, { version: 1 }),
        () => events.publish(PledgeChanged, { ...pledge, total: won(7n) }, { version: 2 }),
        () => events.publish(PledgeChanged, pledge, { version: 3 }),
        () => events.publish(ends[index]!, pledge, { version: 4 }),
      ]),
    ];
    publishing.push(...sayings, ...sayings.filter(() => random() < 0.5));
    expected.push([project.projectId, [FundingPhase.FUNDING_PHASE_SUCCEEDED, raised, 3, won(5_000n), 2, won(2_000n), 1]]);
  }
  const order = publishing.map((publish) => ({ publish, at: random() })).toSorted((one, other) => one.at - other.at);
  for (const { publish } of order) await publish();
  await caughtUp();
  for (const [projectId, figures] of expected) {
    const { phase, raised, pledgeCount, charged, paidCount, dropped, droppedCount } = await progressOf(as, projectId);
    assert.equal([phase, raised, pledgeCount, charged, paidCount, dropped, droppedCount], figures, `SEED=${seed}`);
  }
});

test('an event that is delivered three times counts once', async () => {
  const { id, as } = await person();
  const project = projectOf(id);
  const eventId = randomUUID();
  const pledge = pledgeOf(project.projectId, 10_000n);
  await events.publish(ProjectPublished, project.published);
  for (let time = 0; time < 3; time++) await events.publish(PledgeCreated, { ...pledge, createTime, late: false }, { id: eventId });
  await caughtUp();
  const { raised, pledgeCount } = await progressOf(as, project.projectId);
  assert.equal([raised, pledgeCount], [won(10_000n), 1]);
  const { rows } = await database.query('SELECT count(*)::int AS count FROM kit.inbox WHERE event_id = $1', [eventId]);
  assert.is(rows[0].count, 1);
});

test('running projects come page by page, the first to close first, and what has ended is not among them', async () => {
  const { id, as } = await person();
  const running: string[] = [];
  for (const day of [3, 1, 2, 4]) {
    const project = projectOf(id, { closeTime: new Date(`2026-12-0${day}T09:00:00Z`) });
    running[day - 1] = project.projectId;
    await events.publish(ProjectPublished, project.published);
  }
  const ended = projectOf(id);
  await events.publish(ProjectPublished, ended.published);
  await events.publish(ProjectClosed, ended.closed(0n, 0, 'FAILED'), { version: 2 });
  await caughtUp();
  const listed: string[] = [];
  let pageToken = '';
  do {
    const page = await dashboard.getFundingProgress({ pageSize: 3, pageToken }, as);
    listed.push(...page.projects.map(({ projectId }) => projectId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.equal(listed, running);
  assert.is((await progressOf(as, ended.projectId)).phase, FundingPhase.FUNDING_PHASE_FAILED);
});

test("another seller's project is not found, whatever its phase, and is in nobody else's list", async () => {
  const [owner, other] = [await person(), await person()];
  const project = projectOf(owner.id);
  await events.publish(ProjectPublished, project.published);
  await events.publish(PledgeCreated, { ...pledgeOf(project.projectId, 1_000n), createTime, late: false });
  await caughtUp();
  for (const projectId of [project.projectId, randomUUID()]) {
    const error = await refusal(progressOf(other.as, projectId));
    assert.equal([error.code, reasonOf(error)], [status.NOT_FOUND, 'PROJECT_NOT_FOUND']);
  }
  const { projects, nextPageToken } = await dashboard.getFundingProgress({ pageSize: 0, pageToken: '' }, other.as);
  assert.equal([projects, nextPageToken], [[], '']);
});

test('progress is for sellers', async () => {
  const asUser = await bed.as(randomUUID());
  for (const [as, code] of [
    [asUser, status.PERMISSION_DENIED],
    [undefined, status.UNAUTHENTICATED],
  ] as const) {
    const calls: Promise<unknown>[] = [
      dashboard.getFundingProgress({ pageSize: 0, pageToken: '' }, as),
      dashboard.listFundingHistory({ pageSize: 0, pageToken: '' }, as),
      dashboard.listSettlements({ pageSize: 0, pageToken: '' }, as),
    ];
    for (const error of await Promise.all(calls.map(refusal))) assert.is(error.code, code);
  }
});

test.after(house.close);
test.run();
