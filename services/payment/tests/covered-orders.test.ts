// Orders that cost no money: coupons and points pay for all of them, or for all of one seller's share.
import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { Refund_State } from '@moa/contracts/payment/v1/payment';
import { reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { platformFeeOf } from '../src/domain/ledger.js';
import { lineOf, orderOf, type Placed, paidOrder, placed, reached, refundOf, share, sumsOf, won } from './orders.js';
import { errorOf, IMPATIENT, openStand } from './support.js';

const stand = await openStand('covered-orders');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { orders, purchase } = clients;
const { STATE_APPROVED, STATE_PARTIALLY_REFUNDED, STATE_REFUNDED } = InstantPayment_State;

const nothingLeft = async ({ id }: Placed) => assert.equal([...new Set(Object.values(await sumsOf(stand, id)))], [0]);

/** One seller with coupons of both kinds and points, and one with points alone; the buyer pays nothing. */
async function coveredOrder() {
  const first = share(10_000, { platformCouponMinor: 5_000n, sellerCouponMinor: 2_000n, pointsMinor: 3_000n });
  const second = share(4_001, { pointsMinor: 4_001n });
  return { order: await placed(stand, clients, { amount: won(0), shares: [first, second] }), first, second };
}

test('an order that coupons and points cover is approved at once, without a page or a provider', async () => {
  const { order, first, second } = await coveredOrder();
  const { payment } = await orders.getPayment({ orderId: order.orderId }, order.token);
  assert.is(payment!.state, STATE_APPROVED);
  assert.ok(payment!.endTime);
  assert.is(order.checkoutUrl, '');
  assert.equal((await purchase.getPaymentOfOrder({ orderId: order.orderId })).payment, payment);
  assert.is(reasonOf(await errorOf(purchase.getPaymentOfOrder({ orderId: randomUUID() }))), 'PAYMENT_NOT_FOUND');
  // Of the price less the seller's own coupon the platform takes 5 %.
  assert.equal(await sumsOf(stand, order.id), {
    PLATFORM_FEE: -(400 + 200),
    COUPON_EXPENSE: 5_000,
    POINTS_LIABILITY: 7_001,
    [`COUPON_EXPENSE ${first.sellerId}`]: 2_000,
    [`SELLER_PAYABLE ${first.sellerId}`]: -9_600,
    [`SELLER_PAYABLE ${second.sellerId}`]: -3_801,
  });
  assert.equal(await stand.bookedOf(order.orderId), []);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1 });
});

test('the same order 20 times at once is one payment; another content is refused', async () => {
  const request = orderOf(stand, { amount: won(0), shares: [share(3_000, { pointsMinor: 3_000n })] });
  const answers = await Promise.all(Array.from({ length: 20 }, () => purchase.createPayment({ ...request, requestId: randomUUID() })));
  assert.is(new Set(answers.map(({ payment }) => payment!.id)).size, 1);
  assert.equal(await stand.keysOf(answers[0]!.payment!.id), ['instant']);
  const other = { ...request, requestId: randomUUID(), shares: [{ ...request.shares[0]!, pointsMinor: 0n, sellerCouponMinor: 3_000n }] };
  assert.is(reasonOf(await errorOf(purchase.createPayment(other))), 'ORDER_CHANGED');
});

test('a cancel gives coupons and points back in the books, once, and it can be asked for again', async () => {
  const { order } = await coveredOrder();
  const request = { requestId: randomUUID(), orderId: order.orderId, reason: '전체 취소' };
  const { payment } = await purchase.cancelPayment(request);
  assert.is(payment!.state, STATE_REFUNDED);
  assert.equal(
    payment!.refunds.map((refund) => [
      refund.state,
      refund.amount!.amountMinor,
      refund.platformCouponMinor,
      refund.sellerCouponMinor,
      refund.pointsMinor,
    ]),
    [[Refund_State.STATE_SETTLED, 0n, 5_000n, 2_000n, 7_001n]],
  );
  assert.equal((await purchase.cancelPayment(request)).payment, payment);
  assert.equal((await purchase.cancelPayment({ ...request, requestId: randomUUID() })).payment, payment);
  await nothingLeft(order);
  assert.equal(await stand.keysOf(order.id), ['instant', 'refund-due']);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1, PaymentRefunded: 1 });
});

test('a part of it is given back exactly, and the rest after it', async () => {
  const { order, first, second } = await coveredOrder();
  const part = lineOf(first, 0, { platformCouponMinor: 5_000n, pointsMinor: 1_000n });
  assert.is((await purchase.refundPayment(refundOf(order, part))).payment!.state, STATE_PARTIALLY_REFUNDED);
  const sums = await sumsOf(stand, order.id);
  // Three quarters of what the fee of 400 was taken of.
  assert.equal([sums['PLATFORM_FEE'], sums['COUPON_EXPENSE'], sums['POINTS_LIABILITY']], [-300, 0, 6_001]);
  const rest = [lineOf(first, 0, { sellerCouponMinor: 2_000n, pointsMinor: 2_000n }), lineOf(second, 0, { pointsMinor: 4_001n })];
  assert.is((await purchase.refundPayment(refundOf(order, ...rest))).payment!.state, STATE_REFUNDED);
  await nothingLeft(order);
});

test('a share that points cover is sold beside one that is paid, and both come back', async () => {
  const [paid, free] = [share(10_000), share(2_000, { pointsMinor: 2_000n })];
  const order = await paidOrder(stand, clients, { amount: won(10_000), shares: [paid, free] });
  assert.equal(await sumsOf(stand, order.id), {
    PROVIDER_CLEARING: 10_000,
    PLATFORM_FEE: -600,
    PROVIDER_FEE: -240,
    POINTS_LIABILITY: 2_000,
    [`SELLER_PAYABLE ${paid.sellerId}`]: -9_260,
    [`SELLER_PAYABLE ${free.sellerId}`]: -1_900,
  });
  const first = await purchase.refundPayment(refundOf(order, lineOf(free, 0, { pointsMinor: 2_000n })));
  assert.is(first.payment!.state, STATE_PARTIALLY_REFUNDED);
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 10000']);
  await purchase.refundPayment(refundOf(order, lineOf(paid, 10_000)));
  await reached(clients, order, STATE_REFUNDED);
  await nothingLeft(order);
  await stand.checkBooks();
});

test('it cannot be paid as well', async () => {
  const { order } = await coveredOrder();
  const confirmation = { requestId: randomUUID(), orderId: order.orderId, paymentKey: 'pay_nobodys', amount: won(0) };
  assert.is(reasonOf(await errorOf(orders.confirmPayment(confirmation, order.token))), 'PAYMENT_KEY_MISMATCH');
});

test('the fee in the database is the one of the domain', async () => {
  for (const [of, platformBasisPoints, platformFixedMinor] of [
    [0n, 500, 300n],
    [9n, 500, 0n],
    [10n, 500, 0n],
    [29n, 500, 0n],
    [30n, 500, 0n],
    [315n, 500, 300n],
    [316n, 500, 300n],
    [10_000_000_000_000_001n, 333, 0n],
  ] as const) {
    const [row] = await stand.rows<{ fee: string }>('SELECT platform_fee($1, $2, $3) AS fee', of, platformBasisPoints, platformFixedMinor);
    assert.is(BigInt(row!.fee), platformFeeOf(of, { platformBasisPoints, platformFixedMinor }));
  }
});

test.after(stand.close);
test.run();
