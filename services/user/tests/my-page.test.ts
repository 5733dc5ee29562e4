import { randomUUID } from 'node:crypto';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import {
  PledgeCanceled,
  PledgeChanged,
  PledgeChargedBack,
  PledgeCharging,
  PledgeCreated,
  PledgeDropped,
  PledgePaid,
  PledgePaymentFailed,
  PledgeRefunded,
  PledgeReleased,
  ProjectPublished,
} from '@moa/contracts/funding/v1/funding_events';
import { PledgeSummary_State as State } from '@moa/contracts/user/v1/user';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openUser } from './support.js';

const house = await openUser('my-page');
const { bed, events, person, users } = house;

const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });
const pledgeOf = (backerId: string, amountMinor = 30_000n) => ({
  pledgeId: randomUUID(),
  projectId: randomUUID(),
  backerId,
  total: won(amountMinor),
});
const placed = new Date('2026-11-10T09:00:00Z');

const published = (projectId: string, title: string) => ({
  projectId,
  sellerId: randomUUID(),
  title,
  category: '공예',
  goal: won(1_000_000n),
  closeTime: undefined,
});

/** My Page when everything that was published until now is in it. */
async function caughtUp(as: Awaited<ReturnType<typeof person>>['as']) {
  // The time of a copy is known in both streams once each has an owner.
  await events.publish(AccountCreated, { accountId: randomUUID() });
  await events.publish(ProjectPublished, published(randomUUID(), '-'));
  const now = bed.now();
  return until(async () => {
    const page = await users.getMyPage({}, as);
    return page.freshTime && page.freshTime > now && page;
  });
}

test('shows a pledge with its project, and how fresh the page is', async () => {
  const { id, as } = await person();
  const pledge = pledgeOf(id);
  await events.publish(AccountCreated, { accountId: id });
  await events.publish(ProjectPublished, published(pledge.projectId, '달항아리'));
  await events.publish(PledgeCreated, { ...pledge, createTime: placed, late: false });
  const { profile, pledges, freshTime } = await caughtUp(as);
  assert.is(profile!.accountId, id);
  assert.ok(freshTime! <= bed.now());
  assert.equal(pledges, {
    totalCount: 1,
    liveCount: 1,
    newest: [
      {
        pledgeId: pledge.pledgeId,
        projectId: pledge.projectId,
        projectTitle: '달항아리',
        state: State.STATE_ACTIVE,
        total: pledge.total,
        createTime: placed,
      },
    ],
  });
});

test('each event of a pledge shows in its state', async () => {
  const { id, as } = await person();
  const failed = { attempts: 1, nextChargeTime: undefined };
  const ends = [
    [PledgeCanceled, State.STATE_CANCELED],
    [PledgeReleased, State.STATE_RELEASED],
    [PledgeCharging, State.STATE_CHARGING],
    [PledgePaid, State.STATE_PAID],
    [PledgePaymentFailed, State.STATE_PAYMENT_FAILED],
    [PledgeDropped, State.STATE_DROPPED],
    [PledgeRefunded, State.STATE_REFUNDED],
    [PledgeChargedBack, State.STATE_CHARGED_BACK],
  ] as const;
  const expected = new Map<string, State>();
  for (const [type, state] of ends) {
    const pledge = pledgeOf(id);
    expected.set(pledge.pledgeId, state);
    await events.publish(PledgeCreated, { ...pledge, createTime: placed, late: false }, { version: 1 });
    await events.publish(type as typeof PledgePaymentFailed, { ...pledge, ...failed }, { version: 2 });
  }
  const { pledges } = await caughtUp(as);
  assert.equal(new Map(pledges!.newest.map(({ pledgeId, state }) => [pledgeId, state])), expected);
  assert.equal([pledges!.totalCount, pledges!.liveCount], [8, 3]);
});

test('an event that comes three times counts once', async () => {
  const { id, as } = await person();
  const pledge = pledgeOf(id);
  const eventId = randomUUID();
  for (let time = 0; time < 3; time++) await events.publish(PledgeCreated, { ...pledge, createTime: placed, late: false }, { id: eventId });
  const { pledges } = await caughtUp(as);
  assert.equal([pledges!.totalCount, pledges!.liveCount, pledges!.newest.length], [1, 1, 1]);
});

test('events in any order end in the newest state and amount, and in the time of the pledge', async () => {
  const { id, as } = await person();
  const orders = [
    [4, 3, 2, 1],
    [3, 1, 4, 2],
    [2, 4, 1, 3],
  ];
  for (const order of orders) {
    const pledge = pledgeOf(id);
    const publishVersion = {
      1: () => events.publish(PledgeCreated, { ...pledge, createTime: placed, late: false }, { version: 1 }),
      2: () => events.publish(PledgeChanged, { ...pledge, total: won(45_000n) }, { version: 2 }),
      3: () => events.publish(PledgeCharging, { ...pledge, total: won(45_000n) }, { version: 3 }),
      4: () => events.publish(PledgePaid, { ...pledge, total: won(45_000n) }, { version: 4 }),
    };
    for (const version of order) await publishVersion[version as 1 | 2 | 3 | 4]();
  }
  const { pledges } = await caughtUp(as);
  assert.is(pledges!.totalCount, orders.length);
  for (const { state, total, createTime } of pledges!.newest) {
    assert.equal({ state, total, createTime }, { state: State.STATE_PAID, total: won(45_000n), createTime: placed });
  }
});

test('a title that comes late is shown, and an older one does not come back', async () => {
  const { id, as } = await person();
  const pledge = pledgeOf(id);
  await events.publish(PledgeCreated, { ...pledge, createTime: placed, late: false });
  assert.is((await caughtUp(as)).pledges!.newest[0]!.projectTitle, '');
  await events.publish(ProjectPublished, published(pledge.projectId, '새 제목'), { version: 7 });
  await events.publish(ProjectPublished, published(pledge.projectId, '옛 제목'), { version: 3 });
  assert.is((await caughtUp(as)).pledges!.newest[0]!.projectTitle, '새 제목');
});

test('of many pledges the newest 20 are shown and all are counted', async () => {
  const { id, as } = await person();
  const pledges = Array.from({ length: 25 }, (_, index) => ({ ...pledgeOf(id), createTime: new Date(placed.getTime() + index * 1_000) }));
  await Promise.all(pledges.map((pledge) => events.publish(PledgeCreated, { ...pledge, late: false })));
  await events.publish(PledgeCanceled, pledges[0]!, { version: 2 });
  const page = (await caughtUp(as)).pledges!;
  assert.equal([page.totalCount, page.liveCount], [25, 24]);
  assert.equal(
    page.newest.map(({ pledgeId }) => pledgeId),
    pledges
      .slice(5)
      .reverse()
      .map(({ pledgeId }) => pledgeId),
  );
});

test('nothing of another person is shown', async () => {
  const [one, other] = [await person(), await person()];
  await events.publish(PledgeCreated, { ...pledgeOf(one.id), createTime: placed, late: false });
  const { profile, pledges } = await caughtUp(other.as);
  assert.is(profile!.accountId, other.id);
  assert.equal(pledges, { totalCount: 0, liveCount: 0, newest: [] });
});

test.after(house.close);
test.run();
