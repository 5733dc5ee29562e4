// Two calls for the same coupons at once: whichever comes first, the two agree in the end.
import { randomUUID } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bed,
  campaign,
  closeBed,
  couponRow,
  granted,
  held,
  lineOf,
  openCoupon,
  refusal,
  reservation,
  spentOf,
  sql,
  staff,
} from './support.js';

const ROUNDS = 10;
const clients = await openCoupon();
const { coupons, admin, purchase, stop } = clients;

async function wanted() {
  const owner = randomUUID();
  const campaignId = await campaign(clients, { stackable: true });
  const couponId = await granted(clients, campaignId, owner);
  return { owner, campaignId, couponId, request: reservation(owner, [couponId]) };
}

test('a reservation and its release at once: nothing is held in the end', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { campaignId, couponId, request } = await wanted();
    const [reserved, released] = await Promise.allSettled([
      purchase.reserveCoupons(request),
      purchase.releaseCoupons(held(request.holderId)),
    ]);
    assert.is(released.status, 'fulfilled');
    if (reserved.status === 'rejected') assert.is(await refusal(Promise.reject(reserved.reason)), 'HOLDER_RELEASED');
    assert.is((await couponRow(couponId)).state, 'ISSUED');
    assert.is(await spentOf(campaignId), 0);
  }
});

test('what is held is used, or given back: never both', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { campaignId, couponId, request } = await wanted();
    await purchase.reserveCoupons(request);
    const [used, released] = await Promise.allSettled([
      purchase.commitCoupons(held(request.holderId)),
      purchase.releaseCoupons(held(request.holderId)),
    ]);
    assert.is.not(used.status, released.status);
    assert.is((await couponRow(couponId)).state, used.status === 'fulfilled' ? 'USED' : 'ISSUED');
    assert.is(await spentOf(campaignId), used.status === 'fulfilled' ? 1_000 : 0);
  }
});

test('a campaign is paused while a coupon of it is reserved: it is reserved whole, or refused whole', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { campaignId, couponId, request } = await wanted();
    const [reserved] = await Promise.allSettled([
      purchase.reserveCoupons(request),
      staff().then((token) => admin.pauseCampaign({ requestId: randomUUID(), id: campaignId }, token)),
    ]);
    const isReserved = reserved.status === 'fulfilled';
    if (!isReserved) assert.is(await refusal(Promise.reject(reserved.reason)), 'COUPON_NOT_USABLE');
    assert.is((await couponRow(couponId)).state, isReserved ? 'RESERVED' : 'ISSUED');
    assert.is(await spentOf(campaignId), isReserved ? 1_000 : 0);
  }
});

test('a coupon expires while it is reserved: one of the two', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { campaignId, couponId, request } = await wanted();
    await sql.query("UPDATE coupon SET expire_time = $2::timestamptz + interval '20 milliseconds' WHERE id = $1", [couponId, bed.now()]);
    const [reserved] = await Promise.allSettled([purchase.reserveCoupons(request)]);
    const isReserved = reserved.status === 'fulfilled';
    const { state } = await couponRow(couponId);
    assert.ok(isReserved ? state === 'RESERVED' : state === 'ISSUED' || state === 'EXPIRED', state);
    assert.is(await spentOf(campaignId), isReserved ? 1_000 : 0);
  }
});

test('holders of coupons of the same campaigns, got in opposite orders, are given back at once', async () => {
  const [one, two] = [await campaign(clients, { stackable: true }), await campaign(clients, { stackable: true })];
  const requests = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const owner = randomUUID();
      const ids: string[] = [];
      for (const campaignId of index % 2 === 0 ? [one, two] : [two, one]) ids.push(await granted(clients, campaignId, owner));
      return reservation(owner, ids);
    }),
  );
  await Promise.all(requests.map((request) => purchase.reserveCoupons(request)));
  assert.is((await spentOf(one)) + (await spentOf(two)), 80_000);
  await Promise.all(requests.map(({ holderId }) => purchase.releaseCoupons(held(holderId))));
  assert.is((await spentOf(one)) + (await spentOf(two)), 0);
});

test('the quote and the reservation agree, over baskets and coupons at random', async () => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`holder-races: seed ${seed}`);
  let state = seed;
  // Park and Miller: small, and the same everywhere.
  const below = (limit: number) => {
    state = (state * 48_271 + 1) % 2_147_483_647;
    return state % limit;
  };
  for (let round = 0; round < 25; round++) {
    const owner = randomUUID();
    const couponIds: string[] = [];
    for (let count = 1 + below(3); count > 0; count--) {
      const kind = below(2) === 0 ? 'fixed' : 'percent';
      const campaignId = await campaign(clients, {
        stackable: true,
        minimumSpendMinor: BigInt(below(3) * 8_000),
        discount:
          kind === 'fixed'
            ? { kind: { $case: 'fixedMinor', value: BigInt(1 + below(8_000)) } }
            : { kind: { $case: 'percent', value: { basisPoints: 1 + below(9_999), capMinor: BigInt(below(2) * 3_000) } } },
      });
      couponIds.push(await granted(clients, campaignId, owner));
    }
    const lines = Array.from({ length: 1 + below(4) }, () => lineOf(1 + below(20_000)));
    const request = reservation(owner, couponIds, { lines });
    const { flow, currencyCode } = request;
    const { quote } = await coupons.quoteDiscount({ flow, currencyCode, lines, couponIds: [] }, await bed.as(owner));
    const applied = [...new Set(quote!.discounts.map(({ couponId }) => couponId))];
    if (applied.length === 0) continue;
    const { quote: real } = await purchase.reserveCoupons({ ...request, couponIds: applied });
    assert.equal(real!.discounts, quote!.discounts);
    assert.equal(real!.total, quote!.total);
  }
});

test.after(() => closeBed(stop));
test.run();
