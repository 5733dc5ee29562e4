import {
  PledgeChargedBack,
  PledgeCreated,
  PledgeDropped,
  PledgePaid,
  PledgePartlyRefunded,
  PledgeRefunded,
  PledgeReleased,
  ProjectClosed,
  ProjectPublished,
  ProjectSettled,
} from '@moa/contracts/funding/v1/funding_events';
import { PayoutPaid, SettlementCreated } from '@moa/contracts/payment/v1/payment_events';
import { FundingPhase, SettlementSummary_State } from '@moa/contracts/seller/v1/dashboard';
import { makePageToken } from '@moa/kit';
import { reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDashboard, pledgeOf, projectOf, settlementOf, won } from './dashboard-support.js';
import { refusal } from './support.js';

const house = await openDashboard('history');
const { caughtUp, dashboard, events, person } = house;
const createTime = new Date('2026-11-10T09:00:00Z');
const day = (number: number) => new Date(Date.UTC(2026, 11, number));
const payoutOf = ({ settlementId, sellerId }: SettlementCreated, amountMinor: bigint, payTime: Date) => ({
  settlementId,
  sellerId,
  payoutId: crypto.randomUUID(),
  amount: won(amountMinor),
  payTime,
});

type As = Awaited<ReturnType<typeof person>>['as'];
async function pages<T>(read: (pageToken: string) => Promise<{ items: T[]; nextPageToken: string }>): Promise<T[]> {
  const all: T[] = [];
  let pageToken = '';
  do {
    const page = await read(pageToken);
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}
const history = async (as: As, pageSize = 0) =>
  pages(async (pageToken) => {
    const { projects: items, nextPageToken } = await dashboard.listFundingHistory({ pageSize, pageToken }, as);
    return { items, nextPageToken };
  });
const settlements = async (as: As, pageSize = 0) =>
  pages(async (pageToken) => {
    const { settlements: items, nextPageToken } = await dashboard.listSettlements({ pageSize, pageToken }, as);
    return { items, nextPageToken };
  });

test('an ended project says what was raised, charged, dropped and given back, and what is left after all fees', async () => {
  const { id, as } = await person();
  const project = projectOf(id);
  const [paid, refunded, dropped] = [70_000n, 20_000n, 10_000n].map((amount) => pledgeOf(project.projectId, amount));
  await events.publish(ProjectPublished, project.published);
  for (const pledge of [paid, refunded, dropped]) await events.publish(PledgeCreated, { ...pledge!, createTime, late: false });
  await events.publish(ProjectClosed, project.closed(100_000n, 3, 'CHARGING'), { version: 2, time: day(1) });
  await events.publish(PledgePaid, paid!, { version: 3 });
  await events.publish(PledgePaid, refunded!, { version: 3 });
  await events.publish(PledgeDropped, dropped!, { version: 3 });
  await events.publish(ProjectSettled, project.settled, { version: 3, time: day(8) });
  await events.publish(PledgeRefunded, refunded!, { version: 4 });
  const { projectId } = project;
  await events.publish(SettlementCreated, settlementOf(id, { projectId, net: won(60_000n) }));
  await events.publish(SettlementCreated, settlementOf(id, { projectId, net: won(-3_000n) }));
  await caughtUp();
  assert.equal(await history(as), [
    {
      projectId,
      title: '달항아리',
      outcome: FundingPhase.FUNDING_PHASE_SUCCEEDED,
      endTime: day(8),
      goal: won(100_000n),
      raised: won(100_000n),
      pledgeCount: 3,
      charged: won(90_000n),
      paidCount: 2,
      dropped: won(10_000n),
      droppedCount: 1,
      refunded: won(20_000n),
      settledNet: won(57_000n),
    },
  ]);
});

test('a pledge given back in part counts with its part, one that was charged back with all of it, whatever comes late', async () => {
  const { id, as } = await person();
  const project = projectOf(id);
  const [part, lost] = [70_000n, 30_000n].map((amount) => pledgeOf(project.projectId, amount));
  await events.publish(ProjectPublished, project.published);
  for (const pledge of [part, lost]) await events.publish(PledgeCreated, { ...pledge!, createTime, late: false });
  await events.publish(ProjectClosed, project.closed(100_000n, 2, 'CHARGING'), { version: 2, time: day(1) });
  await events.publish(PledgePartlyRefunded, { ...part!, refunded: won(25_000n) }, { version: 5 });
  await events.publish(PledgePartlyRefunded, { ...part!, refunded: won(10_000n) }, { version: 4 });
  await events.publish(PledgeChargedBack, lost!, { version: 4 });
  for (const pledge of [part, lost]) await events.publish(PledgePaid, pledge!, { version: 3 });
  await events.publish(ProjectSettled, project.settled, { version: 3, time: day(8) });
  await caughtUp();
  const [shown] = await history(as);
  assert.equal([shown!.charged, shown!.paidCount, shown!.refunded], [won(100_000n), 2, won(55_000n)]);
});

test('a project that failed or was canceled is there with what it had raised; one that runs or never opened is not', async () => {
  const { id, as } = await person();
  const [failed, canceled, running, unopened] = Array.from({ length: 4 }, () => projectOf(id));
  for (const project of [failed!, canceled!, running!]) await events.publish(ProjectPublished, project.published);
  const pledge = pledgeOf(failed!.projectId, 40_000n);
  await events.publish(PledgeCreated, { ...pledge, createTime, late: false });
  await events.publish(ProjectClosed, failed!.closed(40_000n, 1, 'FAILED'), { version: 2, time: day(2) });
  await events.publish(PledgeReleased, pledge, { version: 2 });
  await events.publish(ProjectClosed, canceled!.closed(0n, 0, 'CANCELED'), { version: 2, time: day(3) });
  await events.publish(ProjectClosed, unopened!.closed(0n, 0, 'CANCELED'), { version: 1, time: day(4) });
  await caughtUp();
  const ended = await history(as);
  assert.equal(
    ended.map(({ projectId, outcome, endTime, raised, charged, settledNet }) => [projectId, outcome, endTime, raised, charged, settledNet]),
    [
      [canceled!.projectId, FundingPhase.FUNDING_PHASE_CANCELED, day(3), won(0n), won(0n), undefined],
      [failed!.projectId, FundingPhase.FUNDING_PHASE_FAILED, day(2), won(40_000n), won(0n), undefined],
    ],
  );
});

test('history comes page by page, the newest first, each once, also where ends are at the same time', async () => {
  const { id, as } = await person();
  const ends = [5, 1, 3, 3, 3, 2, 4];
  for (const end of ends) {
    const project = projectOf(id);
    await events.publish(ProjectPublished, project.published);
    await events.publish(ProjectClosed, project.closed(0n, 0, 'FAILED'), { version: 2, time: day(end) });
  }
  await caughtUp();
  const listed = await history(as, 2);
  assert.equal(
    listed.map(({ endTime }) => endTime!.getUTCDate()),
    [5, 4, 3, 3, 3, 2, 1],
  );
  assert.is(new Set(listed.map(({ projectId }) => projectId)).size, ends.length);
});

test('a settlement waits, is paid, or is carried over; it names its project, and its payout may be heard of first', async () => {
  const { id, as } = await person();
  const project = projectOf(id, { title: '한지 등' });
  const ofProject = settlementOf(id, { projectId: project.projectId, net: won(60_000n), createTime: day(4) });
  const carried = settlementOf(id, { net: won(-500n), createTime: day(3) });
  const period = { periodStart: day(1), periodEnd: day(2) };
  const waiting = settlementOf(id, { net: won(8_000n), createTime: day(2), ...period });
  const early = settlementOf(id, { net: won(9_000n), createTime: day(1) });
  await events.publish(PayoutPaid, payoutOf(early, 9_000n, day(6)));
  for (const settlement of [waiting, early, carried, ofProject]) await events.publish(SettlementCreated, settlement);
  const [first, rest] = [payoutOf(ofProject, 40_000n, day(5)), payoutOf(ofProject, 20_000n, day(7))];
  for (const payout of [rest, first, rest]) await events.publish(PayoutPaid, payout);
  await events.publish(ProjectPublished, project.published);
  await caughtUp();
  const { STATE_PAID, STATE_CARRIED_OVER, STATE_WAITING } = SettlementSummary_State;
  const listed = await settlements(as, 2);
  assert.equal(
    listed.map(({ settlementId, projectTitle, state, net, paid, payTime }) => [settlementId, projectTitle, state, net, paid, payTime]),
    [
      [ofProject.settlementId, '한지 등', STATE_PAID, won(60_000n), won(60_000n), day(7)],
      [carried.settlementId, '', STATE_CARRIED_OVER, won(-500n), won(0n), undefined],
      [waiting.settlementId, '', STATE_WAITING, won(8_000n), won(0n), undefined],
      [early.settlementId, '', STATE_PAID, won(9_000n), won(9_000n), day(6)],
    ],
  );
  const [shown, ofNone] = [listed[2]!, listed[0]!];
  assert.equal([shown.periodStart, shown.periodEnd], [period.periodStart, period.periodEnd]);
  assert.equal([ofNone.periodStart, ofNone.periodEnd], [undefined, undefined]);
});

test("nothing of another seller is listed, and a page token of another's list is refused", async () => {
  const [owner, other] = [await person(), await person()];
  for (let count = 0; count < 2; count++) {
    const project = projectOf(owner.id);
    await events.publish(ProjectPublished, project.published);
    await events.publish(ProjectClosed, project.closed(0n, 0, 'FAILED'), { version: 2 });
    await events.publish(SettlementCreated, settlementOf(owner.id, { projectId: project.projectId }));
  }
  await caughtUp();
  assert.equal([await history(other.as), await settlements(other.as)], [[], []]);
  const first = await dashboard.listFundingHistory({ pageSize: 1, pageToken: '' }, owner.as);
  assert.is(first.projects.length, 1);
  const refused: Promise<unknown>[] = [
    dashboard.listFundingHistory({ pageSize: 1, pageToken: first.nextPageToken }, other.as),
    dashboard.listSettlements({ pageSize: 1, pageToken: first.nextPageToken }, owner.as),
    dashboard.listFundingHistory({ pageSize: 1, pageToken: makePageToken(['never', 'nobody'], ['ended', owner.id]) }, owner.as),
  ];
  for (const error of await Promise.all(refused.map(refusal))) assert.is(reasonOf(error), 'PAGE_TOKEN_INVALID');
});

test.after(house.close);
test.run();
