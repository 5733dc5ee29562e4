// Everything that a person began or got, and what is left when the account is closed.
import { randomUUID } from 'node:crypto';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { Coupon_Source } from '@moa/contracts/coupon/v1/coupon';
import { CouponGranted } from '@moa/contracts/coupon/v1/coupon_events';
import { PledgeCanceled, PledgeCreated, PledgePaid } from '@moa/contracts/funding/v1/funding_events';
import { Order_State } from '@moa/contracts/purchase/v1/order';
import { OrderPaid, OrderPlaced, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { PointServiceDefinition } from '@moa/contracts/user/v1/point_service';
import { Activity_Kind, KeptRecord_Kind } from '@moa/contracts/user/v1/user';
import { AccountClosed, PointsChanged } from '@moa/contracts/user/v1/user_events';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openUser, refusal } from './support.js';

const house = await openUser('activity');
const { bed, events, person, users } = house;
const points = bed.connect(PointServiceDefinition, house.address);

const placed = new Date('2026-11-10T09:00:00Z');
const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });
const pledgeOf = (backerId: string) => ({ pledgeId: randomUUID(), projectId: randomUUID(), backerId, total: won(30_000n) });
const orderOf = (buyerId: string, state: Order_State) => ({
  orderId: randomUUID(),
  buyerId,
  state,
  total: won(20_000n),
  refunded: won(0n),
});
const couponOf = (ownerId: string) => ({ couponId: randomUUID(), campaignId: randomUUID(), ownerId });
const countsOf = async (as: Awaited<ReturnType<typeof person>>['as']) => {
  const { orders, pledges, coupons } = await users.getMyPage({}, as);
  return orders!.totalCount + pledges!.totalCount + coupons!.usableCount;
};

test('everything that a person began or got is listed, newest first, page by page', async () => {
  const { id, as } = await person();
  const at = (second: number) => new Date(placed.getTime() + second * 1_000);
  await events.publish(PledgeCreated, { ...pledgeOf(id), createTime: at(1), late: false });
  await events.publish(OrderPlaced, { ...orderOf(id, Order_State.STATE_AWAITING_PAYMENT), name: '접시', lineCount: 1, createTime: at(2) });
  await events.publish(CouponGranted, {
    ...couponOf(id),
    name: '쿠폰',
    source: Coupon_Source.SOURCE_GRANT,
    issueTime: at(3),
    expireTime: at(4),
  });
  await until(async () => (await users.listMyActivity({ pageSize: 0, pageToken: '' }, as)).activities.length === 3);
  const kinds: Activity_Kind[] = [];
  for (let pageToken = ''; ; ) {
    const page = await users.listMyActivity({ pageSize: 2, pageToken }, as);
    kinds.push(...page.activities.map(({ kind }) => kind));
    pageToken = page.nextPageToken;
    if (!pageToken) break;
  }
  assert.equal(kinds, [Activity_Kind.KIND_COUPON, Activity_Kind.KIND_ORDER, Activity_Kind.KIND_PLEDGE]);
});

test('points are listed page by page as well', async () => {
  const { id, as } = await person();
  const staff = await bed.as(randomUUID(), 'ADMIN');
  const reasons = ['감사', '사과', '축하'];
  for (const reason of reasons)
    await points.grantPoints({ requestId: randomUUID(), accountId: id, amountMinor: 500n, reason, expireTime: undefined }, staff);
  const titles: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await users.listMyActivity({ pageSize: 1, pageToken }, as);
    titles.push(...page.activities.map(({ title }) => title));
    pageToken = page.nextPageToken;
    if (!pageToken) break;
  }
  assert.equal(titles, reasons.toReversed());
});

const close = (as: Awaited<ReturnType<typeof person>>['as'], requestId = randomUUID()) => users.closeAccount({ requestId }, as);

test('an account with something under way is not closed, and it is said what', async () => {
  const { id, as } = await person();
  const pledge = pledgeOf(id);
  const order = orderOf(id, Order_State.STATE_PAID);
  await events.publish(PledgeCreated, { ...pledge, createTime: placed, late: false }, { version: 1 });
  await until(async () => (await countsOf(as)) === 1);
  assert.is(reasonOf(await refusal(close(as))), 'ACCOUNT_HAS_PLEDGES');
  await events.publish(OrderPaid, { ...order, sellerIds: [], couponIds: [], pointsMinor: 0n }, { version: 2 });
  await until(async () => (await countsOf(as)) === 2);
  assert.is(reasonOf(await refusal(close(as))), 'ACCOUNT_HAS_ORDERS');
  assert.is(reasonOf(await refusal(close(await bed.as(id, 'USER', 'SELLER')))), 'ACCOUNT_HAS_ROLE');
  await events.publish(PledgeCanceled, pledge, { version: 2 });
  await events.publish(OrderReturned, { ...order, state: Order_State.STATE_RETURNED, refunded: won(20_000n), lines: [] }, { version: 3 });
  await until(async () => {
    const { orders, pledges } = await users.getMyPage({}, as);
    return orders!.liveCount + pledges!.liveCount === 0;
  });
  const { kept } = await close(as);
  const { KIND_CONTRACTS, KIND_PAYMENTS, KIND_DISPUTES } = KeptRecord_Kind;
  assert.equal(
    kept.map(({ kind }) => kind),
    [KIND_CONTRACTS, KIND_PAYMENTS, KIND_DISPUTES],
  );
  assert.is(kept[0]!.until!.getUTCFullYear(), bed.now().getUTCFullYear() + 5);
});

test('a closed account keeps no name, number, address or points; it is told once, however often it is asked', async () => {
  const closed = await events.listen(AccountClosed);
  const changed = await events.listen(PointsChanged);
  const { id, as } = await person();
  await events.publish(AccountCreated, { accountId: id });
  const address = { recipient: '김모아', phone: '010-1234-5678', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };
  const profile = { name: '김모아', phone: '+821012345678', interestCategories: ['공예'], addresses: [address] };
  await users.updateProfile({ profile, updateMask: ['name', 'phone', 'interest_categories', 'addresses'], etag: 'v0' }, as);
  const grant = { requestId: randomUUID(), accountId: id, amountMinor: 500n, reason: '감사', expireTime: undefined };
  await points.grantPoints(grant, await bed.as(randomUUID(), 'ADMIN'));
  await events.publish(PledgePaid, pledgeOf(id), { version: 3 });
  await until(async () => (await countsOf(as)) === 1);

  const requestId = randomUUID();
  const { kept } = await close(as, requestId);
  assert.ok(kept.some(({ kind, until: end }) => kind === KeptRecord_Kind.KIND_PARCELS && end === undefined));
  await close(as, requestId);
  await close(as);
  const { profile: left, points: none } = await users.getMyPage({}, as);
  assert.equal([left!.name, left!.phone, left!.interestCategories, left!.addresses], ['', '', [], []]);
  assert.is(none!.balance!.availableMinor, 0n);
  const late = await refusal(users.updateProfile({ profile, updateMask: ['name'], etag: left!.etag }, as));
  assert.is(reasonOf(late), 'ETAG_STALE');
  const ofIt = ({ accountId }: { readonly accountId: string }) => accountId === id;
  await until(() => closed.some(ofIt) && changed.filter(ofIt).length === 2);
  assert.is(closed.filter(ofIt).length, 1);
});

test.after(house.close);
test.run();
