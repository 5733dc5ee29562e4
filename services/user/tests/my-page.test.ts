import { randomUUID } from 'node:crypto';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { Coupon_Source } from '@moa/contracts/coupon/v1/coupon';
import { CouponExpired, CouponGranted, CouponReserved, CouponUsed } from '@moa/contracts/coupon/v1/coupon_events';
import {
  PledgeCanceled,
  PledgeChanged,
  PledgeChargedBack,
  PledgeCharging,
  PledgeCreated,
  PledgeDelivered,
  PledgeDropped,
  PledgePaid,
  PledgePaymentFailed,
  PledgeRefunded,
  PledgeReleased,
  ProjectPublished,
} from '@moa/contracts/funding/v1/funding_events';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import { OrderCompleted, OrderExpired, OrderPaid, OrderPlaced, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { ReviewPosted } from '@moa/contracts/review/v1/review_events';
import { ReviewToWrite_Kind, PledgeSummary_State as State } from '@moa/contracts/user/v1/user';
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

const orderOf = (buyerId: string, state: Order_State, orderId = randomUUID()) => ({
  orderId,
  buyerId,
  state,
  total: won(20_000n),
  refunded: won(0n),
});
const couponOf = (ownerId: string, couponId = randomUUID()) => ({ couponId, campaignId: randomUUID(), ownerId });
const lineOf = (title = '머그컵') => ({
  lineId: randomUUID(),
  productId: randomUUID(),
  variantId: randomUUID(),
  sellerId: randomUUID(),
  quantity: 1,
  title,
  paid: won(20_000n),
  pointsMinor: 0n,
  completed: true,
});

/** My Page when everything that was published until now is in it. */
async function caughtUp(as: Awaited<ReturnType<typeof person>>['as']) {
  // The time of a copy is known in all streams once each has an owner.
  await events.publish(AccountCreated, { accountId: randomUUID() });
  await events.publish(ProjectPublished, published(randomUUID(), '-'));
  await events.publish(OrderExpired, orderOf(randomUUID(), Order_State.STATE_EXPIRED));
  await events.publish(CouponExpired, couponOf(randomUUID()));
  await events.publish(ReviewPosted, ReviewPosted.fromPartial({ reviewId: randomUUID(), subjectId: randomUUID() }));
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

test('orders are shown as the newest event says, whatever the order of their coming', async () => {
  const { id, as } = await person();
  const ids = [randomUUID(), randomUUID()];
  for (const [index, versions] of [
    [1, 2, 3],
    [3, 2, 1],
  ].entries()) {
    const publish = {
      1: () =>
        events.publish(
          OrderPlaced,
          { ...orderOf(id, Order_State.STATE_AWAITING_PAYMENT, ids[index]), name: '머그컵 외 1건', lineCount: 2, createTime: placed },
          { version: 1 },
        ),
      2: () =>
        events.publish(
          OrderPaid,
          { ...orderOf(id, Order_State.STATE_PAID, ids[index]), sellerIds: [], couponIds: [], pointsMinor: 0n },
          { version: 2 },
        ),
      3: () =>
        events.publish(
          OrderCompleted,
          { ...orderOf(id, Order_State.STATE_COMPLETED, ids[index]), lines: [lineOf()], completeTime: bed.now() },
          { version: 3 },
        ),
    };
    for (const version of versions) await publish[version as 1 | 2 | 3]();
  }
  const { orders, reviews } = await caughtUp(as);
  assert.equal([orders!.totalCount, orders!.liveCount], [2, 0]);
  for (const { name, state, createTime } of orders!.newest) {
    assert.equal([name, state, createTime], ['머그컵 외 1건', Order_State.STATE_COMPLETED, placed]);
  }
  assert.is(reviews!.toWriteCount, 2);
  assert.equal([reviews!.newest[0]!.kind, reviews!.newest[0]!.title], [ReviewToWrite_Kind.KIND_ORDER_LINE, '머그컵']);
});

test('what was given back is not reviewed, also when its return is heard first', async () => {
  const { id, as } = await person();
  const line = lineOf();
  const order = orderOf(id, Order_State.STATE_RETURNED);
  await events.publish(OrderReturned, { ...order, lines: [line] }, { version: 5 });
  await events.publish(OrderCompleted, { ...order, lines: [line], completeTime: bed.now() }, { version: 4 });
  const [kept, refunded] = [pledgeOf(id), pledgeOf(id)];
  const delivered = { deliveryTime: placed };
  await events.publish(PledgeDelivered, { ...kept, ...delivered }, { version: 3 });
  await events.publish(PledgeDelivered, { ...refunded, ...delivered }, { version: 3 });
  await events.publish(PledgeRefunded, refunded, { version: 4 });
  await events.publish(ProjectPublished, published(kept.projectId, '달항아리'));
  const { reviews } = await caughtUp(as);
  assert.is(reviews!.toWriteCount, 1);
  const [one] = reviews!.newest;
  assert.equal([one!.kind, one!.subjectId, one!.title], [ReviewToWrite_Kind.KIND_PLEDGE, kept.pledgeId, '달항아리']);
});

test('what was reviewed is not asked for any more, also when the review is heard of first', async () => {
  const { id, as } = await person();
  const [open, reviewed, early] = [lineOf(), lineOf(), lineOf()];
  const order = orderOf(id, Order_State.STATE_COMPLETED);
  const posted = ({ lineId }: { lineId: string }) =>
    events.publish(ReviewPosted, ReviewPosted.fromPartial({ reviewId: randomUUID(), subjectId: lineId, authorId: id, rating: 5 }));
  await posted(early);
  await events.publish(OrderCompleted, { ...order, lines: [open, reviewed, early], completeTime: bed.now() }, { version: 4 });
  await posted(reviewed);
  await posted(reviewed);
  await until(async () => (await users.getMyPage({}, as)).reviews!.newest.map(({ subjectId }) => subjectId).join() === open.lineId);
  assert.is((await users.getMyPage({}, as)).reviews!.toWriteCount, 1);
});

test('coupons that can be used are shown, and those that expire within a week are counted', async () => {
  const { id, as } = await person();
  const inDays = (days: number) => new Date(bed.now().getTime() + days * 86_400_000);
  const grant = (expireTime: Date, coupon = couponOf(id)) =>
    events
      .publish(
        CouponGranted,
        { ...coupon, name: '감사 쿠폰', source: Coupon_Source.SOURCE_GRANT, issueTime: bed.now(), expireTime },
        { version: 1 },
      )
      .then(() => coupon);
  await grant(inDays(3));
  await grant(inDays(30));
  await grant(inDays(-1));
  const used = couponOf(id);
  await events.publish(CouponUsed, { ...used, holderId: randomUUID(), discount: won(1_000n) }, { version: 3 });
  await events.publish(CouponReserved, { ...used, holderId: randomUUID(), discount: won(1_000n) }, { version: 2 });
  await grant(inDays(30), used);
  const { coupons } = await caughtUp(as);
  assert.equal([coupons!.usableCount, coupons!.expiringCount], [2, 1]);
  assert.is(coupons!.newest[0]!.name, '감사 쿠폰');
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
