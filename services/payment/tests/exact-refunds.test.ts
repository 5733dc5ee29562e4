// Refunds that say exactly what of coupons and points comes back: a coupon may belong to one line of goods only.
import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { reasonOf, until } from '@moa/testkit';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, type Placed, paidOrder, placed, reached, refundOf, share, sumsOf, won } from './orders.js';
import { errorOf, IMPATIENT, openStand } from './support.js';

const stand = await openStand('exact-refunds');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { purchase } = clients;
const { STATE_PARTIALLY_REFUNDED, STATE_REFUNDED } = InstantPayment_State;

/** The buyer pays 20,000 and 9,999; 7,000 + 1,000 are coupons of one seller's share, 2,001 points of each. */
async function mixedOrder() {
  const first = share(30_001, { platformCouponMinor: 7_000n, sellerCouponMinor: 1_000n, pointsMinor: 2_001n });
  const second = share(12_000, { pointsMinor: 2_001n });
  const order = await paidOrder(stand, clients, { amount: won(29_999), shares: [first, second] });
  return { order, first, second };
}

const nothingLeft = async ({ id }: Placed) => assert.equal([...new Set(Object.values(await sumsOf(stand, id)))], [0]);
const refusalOf = async (request: Parameters<typeof purchase.refundPayment>[0]) => reasonOf(await errorOf(purchase.refundPayment(request)));

test('what a line says comes back, no more and no less, with its part of the fee', async () => {
  const { order, first } = await mixedOrder();
  // A line of goods for 9,000 that the coupon of 7,000 belonged to.
  const { payment } = await purchase.refundPayment(refundOf(order, lineOf(first, 2_000, { platformCouponMinor: 7_000n })));
  const [refund] = payment!.refunds;
  assert.equal([refund!.platformCouponMinor, refund!.sellerCouponMinor, refund!.pointsMinor], [7_000n, 0n, 0n]);
  const sums = await sumsOf(stand, order.id);
  assert.equal(
    ['PROVIDER_CLEARING', 'COUPON_EXPENSE', `COUPON_EXPENSE ${first.sellerId}`, 'POINTS_LIABILITY'].map((key) => sums[key]),
    [27_999, 0, 1_000, 4_002],
  );
  // The fees are 1,450 and 600; 9,000 of the 29,001 that the first was taken of are undone.
  assert.is(sums['PLATFORM_FEE'], -(2_050 - 450));
  await stand.checkBooks();
});

test('in whatever parts, everything comes back to the last won', async () => {
  const { order, first, second } = await mixedOrder();
  const steps = [
    lineOf(first, 1, { platformCouponMinor: 3_333n }),
    lineOf(second, 0, { pointsMinor: 1_999n }),
    // In proportion to what was paid, as far as it is not back yet.
    lineOf(first, 6_666),
    lineOf(second, 9_999, { pointsMinor: 0n }),
  ];
  for (const line of steps) assert.is((await purchase.refundPayment(refundOf(order, line))).payment!.state, STATE_PARTIALLY_REFUNDED);
  await purchase.refundPayment(refundOf(order, lineOf(first, 13_333)));
  // All the money is back, and with it what was left of everything, of every seller.
  await reached(clients, order, STATE_REFUNDED);
  await nothingLeft(order);
  await stand.checkBooks();
});

test('when all money is back and coupons are not, a cancel gives these back', async () => {
  const { order, first, second } = await mixedOrder();
  const nothing = {};
  const money = [lineOf(first, 20_000, nothing), lineOf(second, 9_999, nothing)];
  assert.is((await purchase.refundPayment(refundOf(order, ...money))).payment!.state, STATE_PARTIALLY_REFUNDED);
  const { payment } = await purchase.cancelPayment({ requestId: randomUUID(), orderId: order.orderId, reason: '전체 취소' });
  assert.is(payment!.state, STATE_REFUNDED);
  await nothingLeft(order);
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 29999', 'REFUND 29999']);
  await stand.checkBooks();
});

test('more than is left of a share is refused, of each part of it, and so is nothing', async () => {
  const { order, first, second } = await mixedOrder();
  for (const line of [
    lineOf(first, 20_001, {}),
    lineOf(first, 1, { platformCouponMinor: 7_001n }),
    lineOf(first, 1, { sellerCouponMinor: 1_001n }),
    lineOf(second, 1, { pointsMinor: 2_002n }),
    lineOf(second, 1, { platformCouponMinor: 1n }),
  ])
    assert.is(await refusalOf(refundOf(order, line)), 'REFUND_TOO_LARGE');
  assert.is(await refusalOf(refundOf(order, lineOf(first, 0))), 'REFUND_EMPTY');
  assert.is(await refusalOf(refundOf(order, lineOf(first, 0, {}), lineOf(second, 5))), 'REFUND_EMPTY');
  assert.equal(await stand.keysOf(order.id), ['instant']);
});

test('20 refunds at once never give back more of a coupon or of points than there was', async () => {
  const { order, first, second } = await mixedOrder();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, nth) =>
      errorOf(
        purchase.refundPayment(
          refundOf(order, nth % 2 ? lineOf(first, 1, { platformCouponMinor: 3_000n }) : lineOf(second, 0, { pointsMinor: 500n })),
        ),
      ),
    ),
  );
  // Of 7,000 two, of 2,001 four.
  assert.equal(
    answers.filter((error) => error !== undefined).map(reasonOf),
    Array.from({ length: 14 }, () => 'REFUND_TOO_LARGE'),
  );
  const sums = await sumsOf(stand, order.id);
  assert.equal([sums['COUPON_EXPENSE'], sums['POINTS_LIABILITY']], [1_000, 2_002]);
  await stand.checkBooks();
});

test('the same refund of points alone raced 20 times is one', async () => {
  const { order, second } = await mixedOrder();
  const request = refundOf(order, lineOf(second, 0, { pointsMinor: 1_001n }));
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => purchase.refundPayment(request)));
  for (const answer of answers) if (answer.status === 'rejected') assert.is(reasonOf(answer.reason), 'REQUEST_IN_PROGRESS');
  const { payment } = await purchase.refundPayment(request);
  assert.equal(
    payment!.refunds.map(({ pointsMinor }) => pointsMinor),
    [1_001n],
  );
  assert.is((await sumsOf(stand, order.id))['POINTS_LIABILITY'], 3_001);
});

test('a refund of exact parts raced with a cancel leaves nothing', async () => {
  const { order, first } = await mixedOrder();
  await Promise.all([
    errorOf(purchase.refundPayment(refundOf(order, lineOf(first, 5_000, { platformCouponMinor: 7_000n })))),
    until(() => purchase.cancelPayment({ requestId: randomUUID(), orderId: order.orderId, reason: '전체 취소' })),
  ]);
  await reached(clients, order, STATE_REFUNDED);
  await nothingLeft(order);
  await stand.checkBooks();
});

test('whatever is given back of whatever order, never more than there was, and in the end everything', async () => {
  const minor = fc.integer({ min: 0, max: 5_000 });
  const parts = fc.record({ paid: minor, platformCoupon: minor, sellerCoupon: minor, points: minor });
  const steps = fc.array(fc.record({ of: fc.nat(), share: parts, exact: fc.boolean() }), { maxLength: 8 });
  const property = fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 3 }), steps, async (made, plan) => {
    const shares = made.map(({ paid, platformCoupon, sellerCoupon, points }) =>
      share(paid + platformCoupon + sellerCoupon + points + 1, {
        platformCouponMinor: BigInt(platformCoupon),
        sellerCouponMinor: BigInt(sellerCoupon),
        pointsMinor: BigInt(points) + (paid === 0 ? 1n : 0n),
      }),
    );
    const paidMinor = made.reduce((sum, { paid }) => sum + (paid === 0 ? 0 : paid + 1), 0);
    const order = await (paidMinor > 0 ? paidOrder : placed)(stand, clients, { amount: won(paidMinor), shares });
    const before = await sumsOf(stand, order.id);
    for (const { of, share: part, exact } of plan) {
      const [first, second] = [shares[of % shares.length]!, shares[(of + 1) % shares.length]!];
      const discounts = {
        platformCouponMinor: BigInt(part.platformCoupon),
        sellerCouponMinor: BigInt(part.sellerCoupon),
        pointsMinor: BigInt(part.points),
      };
      const lines = [lineOf(first, Math.floor(part.paid / 2), exact ? discounts : undefined)];
      if (first !== second && of % 3 === 0) lines.push(lineOf(second, Math.floor(part.paid / 3)));
      const error = await errorOf(purchase.refundPayment(refundOf(order, ...lines)));
      if (error) assert.ok(['REFUND_TOO_LARGE', 'REFUND_EMPTY'].includes(String(reasonOf(error))), String(error));
      // Nothing has come back that was not there, nor more of it.
      const now = await sumsOf(stand, order.id);
      for (const [key, amount] of Object.entries(before))
        assert.ok(amount >= 0 ? now[key]! >= 0 && now[key]! <= amount : now[key]! <= 0 && now[key]! >= amount, key);
    }
    const { payment } = await purchase.cancelPayment({ requestId: randomUUID(), orderId: order.orderId, reason: '전체 취소' });
    assert.is(payment!.state, STATE_REFUNDED);
    for (const name of ['platformCouponMinor', 'sellerCouponMinor', 'pointsMinor'] as const)
      assert.is(
        payment!.refunds.reduce((sum, refund) => sum + refund[name], 0n),
        shares.reduce((sum, of) => sum + of[name], 0n),
      );
    await nothingLeft(order);
  });
  await fc.assert(property, { numRuns: 25, endOnFailure: true });
  await stand.checkBooks();
});

test('the database has the last word on what is left of a share', async () => {
  const { order, first } = await mixedOrder();
  const id = randomUUID();
  const write = (points: number) =>
    stand.rows(
      `WITH made AS (INSERT INTO refund (id, payment_id, amount_minor, platform_fee_minor, reason, state, create_time)
         VALUES ($1, $2, 0, 0, '', 'BEGUN', now()) RETURNING id)
       INSERT INTO refund_share SELECT id, $3, 0, 0, 0, $4, 0 FROM made`,
      id,
      order.id,
      first.sellerId,
      points,
    );
  assert.match(String(await errorOf(write(2_002))), /more off a share than it is made of/);
  assert.match(String(await errorOf(write(-1))), /refund_share_discounts_check/);
});

test.after(stand.close);
test.run();
