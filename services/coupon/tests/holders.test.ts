// Coupons are reserved, used, released and given back.
import { randomUUID } from 'node:crypto';
import { Coupon_State, CouponOutcome_Outcome } from '@moa/contracts/coupon/v1/coupon';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bed,
  campaign,
  closeBed,
  couponRow,
  DAY_MS,
  granted,
  held,
  lineOf,
  openCoupon,
  refusal,
  reservation,
  spentOf,
  staff,
  won,
} from './support.js';

const clients = await openCoupon();
const { coupons, admin, purchase, stop } = clients;

async function couponOf(more: Parameters<typeof campaign>[1] = {}) {
  const [owner, campaignId] = [randomUUID(), await campaign(clients, more)];
  return { owner, campaignId, couponId: await granted(clients, campaignId, owner) };
}

test('a coupon is reserved for an order, used when it is paid, and listed as what it is', async () => {
  const { owner, campaignId, couponId } = await couponOf();
  const request = reservation(owner, [couponId]);
  const { quote } = await purchase.reserveCoupons(request);
  assert.equal(quote!.total, won(9_000));
  assert.equal(await couponRow(couponId), { state: 'RESERVED', holderId: request.holderId, discount: 1_000, version: 2 });
  assert.is(await spentOf(campaignId), 1_000);
  await purchase.commitCoupons(held(request.holderId));
  await purchase.commitCoupons(held(request.holderId));
  assert.is((await couponRow(couponId)).state, 'USED');
  assert.is((await couponRow(couponId)).version, 3);
  const token = await bed.as(owner);
  assert.equal((await coupons.listMyCoupons({ state: 0, pageSize: 0, pageToken: '' }, token)).coupons, []);
  const { coupons: used } = await coupons.listMyCoupons({ state: Coupon_State.STATE_USED, pageSize: 0, pageToken: '' }, token);
  assert.equal(used[0]!.discounted, won(1_000));
});

test('the same holder gets the same answer; another body is refused', async () => {
  const { owner, couponId } = await couponOf();
  const request = reservation(owner, [couponId]);
  const answers = await Promise.all(Array.from({ length: 10 }, () => purchase.reserveCoupons({ ...request, requestId: randomUUID() })));
  for (const { quote } of answers) assert.equal(quote, answers[0]!.quote);
  assert.is((await couponRow(couponId)).version, 2);
  assert.is(await refusal(purchase.reserveCoupons({ ...request, lines: [lineOf(20_000)] })), 'HOLDER_DIFFERS');
});

test('what is released can be used again by another; who was released cannot reserve, not even before it ever did', async () => {
  const { owner, campaignId, couponId } = await couponOf();
  const first = reservation(owner, [couponId]);
  await purchase.reserveCoupons(first);
  await purchase.releaseCoupons(held(first.holderId));
  await purchase.releaseCoupons(held(first.holderId));
  assert.equal(await couponRow(couponId), { state: 'ISSUED', holderId: null, discount: 0, version: 3 });
  assert.is(await spentOf(campaignId), 0);
  assert.is(await refusal(purchase.reserveCoupons(first)), 'HOLDER_RELEASED');
  assert.is(await refusal(purchase.commitCoupons(held(first.holderId))), 'HOLDER_RELEASED');
  const late = reservation(owner, [couponId]);
  await purchase.releaseCoupons(held(late.holderId));
  assert.is(await refusal(purchase.reserveCoupons(late)), 'HOLDER_RELEASED');
  const second = reservation(owner, [couponId]);
  await purchase.reserveCoupons(second);
  await purchase.commitCoupons(held(second.holderId));
  assert.is(await refusal(purchase.releaseCoupons(held(second.holderId))), 'HOLDER_COMMITTED');
});

test('50 orders want one coupon: one has it', async () => {
  const { owner, couponId } = await couponOf();
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => purchase.reserveCoupons(reservation(owner, [couponId]))));
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('all or none: a coupon that cannot be used holds the others back, and is named with its reason', async () => {
  const owner = randomUUID();
  const good = await granted(clients, await campaign(clients, { stackable: true }), owner);
  const far = await granted(clients, await campaign(clients, { stackable: true, minimumSpendMinor: 50_000n }), owner);
  const { couponId: foreign } = await couponOf();
  const error = await purchase.reserveCoupons(reservation(owner, [good, far])).catch((error) => error);
  assert.is(await refusal(Promise.reject(error)), 'COUPON_NOT_USABLE');
  assert.is((await couponRow(good)).state, 'ISSUED');
  assert.is(await refusal(purchase.reserveCoupons(reservation(owner, [foreign]))), 'COUPON_NOT_USABLE');
  // The same holder may ask for less.
  const request = reservation(owner, [good]);
  assert.is(await refusal(purchase.reserveCoupons({ ...request, couponIds: [good, far] })), 'COUPON_NOT_USABLE');
  assert.equal((await purchase.reserveCoupons(request)).quote!.discount, won(1_000));
});

test('100 orders at once never spend more than the budget', async () => {
  const campaignId = await campaign(clients, { budgetMinor: 10_500n });
  const owners = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const owner = randomUUID();
      return { owner, couponId: await granted(clients, campaignId, owner) };
    }),
  );
  const outcomes = await Promise.allSettled(owners.map(({ owner, couponId }) => purchase.reserveCoupons(reservation(owner, [couponId]))));
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
  assert.is(await spentOf(campaignId), 10_000);
});

test("a part that was given back was not spent; when all is, the coupon is its owner's again, if its campaign says so", async () => {
  for (const returnedOnRefund of [true, false]) {
    const { owner, campaignId, couponId } = await couponOf({ returnedOnRefund });
    const request = reservation(owner, [couponId]);
    await purchase.reserveCoupons(request);
    await purchase.commitCoupons(held(request.holderId));
    const part = { ...held(request.holderId), discounts: [{ couponId, discountMinor: 400n }], inFull: false };
    await purchase.returnCoupons(part);
    await purchase.returnCoupons(part);
    assert.is(await spentOf(campaignId), 600);
    await purchase.returnCoupons({ ...held(request.holderId), discounts: [{ couponId, discountMinor: 600n }], inFull: true });
    assert.is(await spentOf(campaignId), 0);
    assert.is((await couponRow(couponId)).state, returnedOnRefund ? 'ISSUED' : 'USED');
  }
});

test('what is given back after its time expires at once', async () => {
  const { owner, couponId } = await couponOf({ returnedOnRefund: true });
  const request = reservation(owner, [couponId]);
  await purchase.reserveCoupons(request);
  bed.shiftClock(31 * DAY_MS);
  await purchase.releaseCoupons(held(request.holderId));
  assert.is((await couponRow(couponId)).state, 'EXPIRED');
});

test('a coupon expires by itself, and a holder that was forgotten gives back what it holds', async () => {
  const { couponId: unused } = await couponOf();
  const { owner, couponId } = await couponOf({ validity: { kind: { $case: 'days', value: 60 } } });
  const request = reservation(owner, [couponId], { expireTime: new Date(bed.now().getTime() + DAY_MS) });
  await purchase.reserveCoupons(request);
  bed.shiftClock(31 * DAY_MS);
  await until(async () => (await couponRow(unused)).state === 'EXPIRED');
  await until(async () => (await couponRow(couponId)).state === 'ISSUED');
});

test('while its campaign is paused a coupon cannot be used; what is reserved goes on', async () => {
  const { owner, campaignId, couponId } = await couponOf();
  const other = await granted(clients, campaignId, owner);
  const request = reservation(owner, [couponId]);
  await purchase.reserveCoupons(request);
  await admin.pauseCampaign({ requestId: randomUUID(), id: campaignId }, await staff());
  const error = await purchase.reserveCoupons(reservation(owner, [other])).catch((error) => error);
  assert.is(await refusal(Promise.reject(error)), 'COUPON_NOT_USABLE');
  await purchase.commitCoupons(held(request.holderId));
  await admin.resumeCampaign({ requestId: randomUUID(), id: campaignId }, await staff());
  await purchase.reserveCoupons(reservation(owner, [other]));
});

test('a coupon is taken away, or reserved: never both', async () => {
  for (let round = 0; round < 10; round++) {
    const { owner, couponId } = await couponOf();
    const [revoked, reserved] = await Promise.allSettled([
      staff().then((token) => admin.revokeCoupon({ requestId: randomUUID(), id: couponId }, token)),
      purchase.reserveCoupons(reservation(owner, [couponId])),
    ]);
    assert.is.not(revoked.status, reserved.status);
    assert.is((await couponRow(couponId)).state, revoked.status === 'fulfilled' ? 'REVOKED' : 'RESERVED');
  }
});

test('a quote says of each coupon why it is not applied, and is what the order is priced by', async () => {
  const owner = randomUUID();
  const token = await bed.as(owner);
  const plain = await granted(clients, await campaign(clients, { stackable: true }), owner);
  const half = await granted(
    clients,
    await campaign(clients, { stackable: true, discount: { kind: { $case: 'percent', value: { basisPoints: 5000, capMinor: 3_000n } } } }),
    owner,
  );
  const alone = await granted(clients, await campaign(clients, { discount: { kind: { $case: 'fixedMinor', value: 3_500n } } }), owner);
  const books = await granted(
    clients,
    await campaign(clients, { scope: { flow: 0, categories: ['books'], sellerIds: [], itemIds: [] } }),
    owner,
  );
  const request = reservation(owner, []);
  const { flow, currencyCode, lines } = request;
  const { quote } = await coupons.quoteDiscount({ flow, currencyCode, lines, couponIds: [plain, half, books] }, token);
  const { OUTCOME_APPLIED, OUTCOME_OUT_OF_SCOPE, OUTCOME_NOT_STACKABLE } = CouponOutcome_Outcome;
  assert.equal(
    quote!.coupons.map(({ couponId, outcome }) => [couponId, outcome]),
    [
      [half, OUTCOME_APPLIED],
      [plain, OUTCOME_APPLIED],
      [books, OUTCOME_OUT_OF_SCOPE],
    ],
  );
  assert.equal(quote!.total, won(6_000));
  // The best of all: the two that stand together take off more than the one that stands alone.
  const { quote: best } = await coupons.quoteDiscount({ flow, currencyCode, lines, couponIds: [] }, token);
  assert.equal(best!.discount, won(4_000));
  assert.is(best!.coupons.find(({ couponId }) => couponId === alone)!.outcome, OUTCOME_NOT_STACKABLE);
  const { quote: real } = await purchase.reserveCoupons({ ...request, couponIds: [plain, half] });
  assert.equal(real!.discounts, best!.discounts);
});

test.after(() => closeBed(stop));
test.run();
