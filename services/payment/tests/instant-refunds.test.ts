import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import type { OrderShare } from '@moa/contracts/payment/v1/instant_payment_service';
import type { BookEntry } from '@moa/sandbox-provider';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { movementOf } from '../src/domain/reconciliation.js';
import { lineOf, type Placed, paidOrder, placed, reached, refundOf as refundOfLines, share, sumsOf, won } from './orders.js';
import { errorOf, IMPATIENT, openStand } from './support.js';

const stand = await openStand('instant-refunds');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { purchase, webhooks } = clients;
const { STATE_PARTIALLY_REFUNDED, STATE_REFUNDED, STATE_CHARGED_BACK } = InstantPayment_State;

const refundOf = (order: Placed, ...lines: [OrderShare, number][]) =>
  refundOfLines(order, ...lines.map(([of, amount]) => lineOf(of, amount)));

/** Two sellers: one with coupons of both kinds, one with points. The buyer pays 20,000 + 9,999. */
async function mixedOrder() {
  const first = share(23_000, { platformCouponMinor: 2_000n, sellerCouponMinor: 1_000n });
  const second = share(10_500, { pointsMinor: 501n });
  const order = await paidOrder(stand, clients, { amount: won(29_999), shares: [first, second] });
  return { order, first, second };
}

const nothingLeft = async ({ id }: Placed) => assert.equal([...new Set(Object.values(await sumsOf(stand, id)))], [0]);

test('an order of several sellers is owed to each; coupons and points are whose they are', async () => {
  const { order, first, second } = await mixedOrder();
  // The fee of 720 is borne 480 to 240, by what was paid; the platform takes 5 % of the price less the seller's own coupon.
  const fees = await stand.rows<{ paid_minor: string; provider_fee_minor: string; platform_fee_minor: string }>(
    'SELECT paid_minor, provider_fee_minor, platform_fee_minor FROM payment_share WHERE payment_id = $1 ORDER BY paid_minor DESC',
    order.id,
  );
  assert.equal(
    fees.map(({ platform_fee_minor }) => platform_fee_minor),
    ['1100', '525'],
  );
  const providerFees = fees.map(({ provider_fee_minor }) => Number(provider_fee_minor));
  assert.is(providerFees[0]! + providerFees[1]!, 720);
  assert.ok(Math.abs(providerFees[0]! - 480) <= 1);
  assert.equal(await sumsOf(stand, order.id), {
    PROVIDER_CLEARING: 29_999,
    PLATFORM_FEE: -1_625,
    PROVIDER_FEE: -720,
    COUPON_EXPENSE: 2_000,
    POINTS_LIABILITY: 501,
    [`COUPON_EXPENSE ${first.sellerId}`]: 1_000,
    [`SELLER_PAYABLE ${first.sellerId}`]: -(23_000 - 1_100 - providerFees[0]!),
    [`SELLER_PAYABLE ${second.sellerId}`]: -(10_500 - 525 - providerFees[1]!),
  });
  await stand.checkBooks();
});

test('a part is taken off the seller that it names, with its share of coupons, points and fees', async () => {
  const { order, first, second } = await mixedOrder();
  const before = await sumsOf(stand, order.id);
  const { payment } = await purchase.refundPayment(refundOf(order, [first, 10_000]));
  assert.is(payment!.state, STATE_PARTIALLY_REFUNDED);
  const [one, two] = [first, second].map(({ sellerId }) => payment!.shares.find((candidate) => candidate.sellerId === sellerId)!);
  assert.equal([one!.refundedMinor, two!.refundedMinor], [10_000n, 0n]);
  const sums = await sumsOf(stand, order.id);
  // Half of what this seller was paid: half of the coupons and of the fee; a third of the provider's fee, which is by the whole.
  assert.equal(
    ['PROVIDER_CLEARING', 'PLATFORM_FEE', 'PROVIDER_FEE', 'COUPON_EXPENSE', 'POINTS_LIABILITY', `COUPON_EXPENSE ${first.sellerId}`].map(
      (key) => sums[key],
    ),
    [19_999, -1_075, -480, 1_000, 501, 500],
  );
  assert.is(sums[`SELLER_PAYABLE ${second.sellerId}`], before[`SELLER_PAYABLE ${second.sellerId}`]);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1, PaymentRefunded: 1 });
  await stand.checkBooks();
});

test('refunds in odd parts, of both sellers, give back everything to the last won of each', async () => {
  const { order, first, second } = await mixedOrder();
  for (const lines of [
    [[first, 1]],
    [[second, 3_333]],
    [
      [first, 7_777],
      [second, 2],
    ],
    [[second, 6_664]],
  ] as [OrderShare, number][][]) {
    assert.is((await purchase.refundPayment(refundOf(order, ...lines))).payment!.state, STATE_PARTIALLY_REFUNDED);
  }
  const { payment } = await purchase.refundPayment(refundOf(order, [first, 12_222]));
  assert.equal([payment!.state, payment!.refunded!.amountMinor], [STATE_REFUNDED, 29_999n]);
  await nothingLeft(order);
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1, PaymentRefunded: 5 });
  await stand.checkBooks();
});

test('what is left after a part is given back by a cancel, also what nobody paid for', async () => {
  const [first, free] = [share(10_000), share(2_000, { pointsMinor: 2_000n })];
  const order = await paidOrder(stand, clients, { amount: won(10_000), shares: [first, free] });
  await purchase.refundPayment(refundOf(order, [first, 3_333]));
  const { payment } = await purchase.cancelPayment({ requestId: randomUUID(), orderId: order.orderId, reason: '전체 취소' });
  assert.is(payment!.state, STATE_REFUNDED);
  await nothingLeft(order);
  await stand.checkBooks();
});

test('20 refunds at once never give back more than was paid, of the whole or of one seller', async () => {
  const { order, first, second } = await mixedOrder();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, nth) => errorOf(purchase.refundPayment(refundOf(order, [nth % 2 ? first : second, 4_000])))),
  );
  const refused = answers.filter((error) => error !== undefined).map(reasonOf);
  // Of 20,000 five are left, of 9,999 two.
  assert.equal(
    refused,
    Array.from({ length: 13 }, () => 'REFUND_TOO_LARGE'),
  );
  assert.is((await stand.bookedOf(order.orderId)).length, 1 + 7);
  const { payment } = await clients.orders.getPayment({ orderId: order.orderId }, order.token);
  const taken = [first, second].map(({ sellerId }) => payment!.shares.find((candidate) => candidate.sellerId === sellerId)!.refundedMinor);
  assert.equal(taken, [20_000n, 8_000n]);
  await stand.checkBooks();
});

test('a refund raced with a cancel leaves nothing, and gives nothing back twice', async () => {
  const { order, first } = await mixedOrder();
  await Promise.all([
    errorOf(purchase.refundPayment(refundOf(order, [first, 12_000]))),
    until(() => purchase.cancelPayment({ requestId: randomUUID(), orderId: order.orderId, reason: '전체 취소' })),
  ]);
  await reached(clients, order, STATE_REFUNDED);
  await nothingLeft(order);
  await stand.checkBooks();
});

test('refunds that do not fit are refused, and nothing moves', async () => {
  const { order, first, second } = await mixedOrder();
  const refusalOf = async (request: object) =>
    reasonOf(await errorOf(purchase.refundPayment({ ...refundOf(order, [first, 1_000]), ...request })));
  assert.is(await refusalOf({ amount: won(999) }), 'SHARES_DO_NOT_ADD_UP');
  assert.is(await refusalOf(refundOf(order, [first, 500], [first, 500])), 'SELLER_TWICE');
  assert.is(await refusalOf(refundOf(order, [second, 10_000])), 'REFUND_TOO_LARGE');
  assert.is(await refusalOf(refundOf(order, [share(1), 1_000])), 'SELLER_NOT_IN_ORDER');
  assert.is(await refusalOf({ amount: { currencyCode: 'USD', amountMinor: 1_000n } }), 'CURRENCY_WRONG');
  assert.is(await refusalOf({ orderId: randomUUID() }), 'PAYMENT_NOT_FOUND');
  const unpaid = await placed(stand, clients);
  assert.is(await refusalOf({ ...refundOf(unpaid, [unpaid.request.shares[0]!, 1_000]) }), 'PAYMENT_NOT_PAID');
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 29999']);
});

test('the same refund raced 20 times is one', async () => {
  const { order, first } = await mixedOrder();
  const request = refundOf(order, [first, 4_000]);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => purchase.refundPayment(request)));
  for (const answer of answers) if (answer.status === 'rejected') assert.is(reasonOf(answer.reason), 'REQUEST_IN_PROGRESS');
  assert.is((await purchase.refundPayment(request)).payment!.refunded!.amountMinor, 4_000n);
  assert.equal(await stand.bookedOf(order.orderId), ['CHARGE 29999', 'REFUND 4000']);
});

test('what the provider gave back of its own accord is taken off every seller, once; then the bank takes the rest', async () => {
  const { order, first } = await mixedOrder();
  const { id: chargeId } = await stand.chargeAt(order.id);
  await stand.cancelAt(chargeId, 5_000);
  for (let times = 0; times < 2; times++) await webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.refunded'));
  assert.is((await reached(clients, order, STATE_PARTIALLY_REFUNDED)).refunded!.amountMinor, 5_000n);
  await purchase.refundPayment(refundOf(order, [first, 1_000]));
  await stand.ask(`/v1/charges/${chargeId}/chargeback`, {});
  for (let times = 0; times < 2; times++) await webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.charged_back'));
  await reached(clients, order, STATE_CHARGED_BACK);
  // The provider keeps its fee of what was charged back: the sellers have paid it.
  const { PROVIDER_FEE: kept, ...sums } = await sumsOf(stand, order.id);
  const payable = Object.entries(sums).filter(([key]) => key.startsWith('SELLER_PAYABLE'));
  assert.is(
    payable.reduce((sum, [, amount]) => sum + amount, 0),
    -kept!,
  );
  for (const [key, amount] of Object.entries(sums)) if (!key.startsWith('SELLER_PAYABLE')) assert.is(amount, 0, key);
  assert.is(reasonOf(await errorOf(purchase.refundPayment(refundOf(order, [first, 1])))), 'PAYMENT_CHARGED_BACK');
  assert.equal(await stand.eventsOf(order.id), { PaymentCompleted: 1, PaymentRefunded: 2, PaymentChargedBack: 1 });
  await stand.checkBooks();
});

test('a refund that the provider refuses, the bank having been first, leaves the books as they were', async () => {
  const { order, first } = await mixedOrder();
  const { id: chargeId } = await stand.chargeAt(order.id);
  await stand.ask(`/v1/charges/${chargeId}/chargeback`, {});
  assert.is(reasonOf(await errorOf(purchase.refundPayment(refundOf(order, [first, 4_000])))), 'REFUND_REFUSED');
  await reached(clients, order, STATE_CHARGED_BACK);
  assert.is((await sumsOf(stand, order.id))['BUYER_REFUNDS_DUE'], 0);
  await stand.checkBooks();
});

test('a reconciliation finds the charges of orders in the ledger, by our key or by their order, and misses one that is taken out', async () => {
  const { order, first } = await mixedOrder();
  await purchase.refundPayment(refundOf(order, [first, 4_000]));
  const { entries } = await stand.ask<{ entries: BookEntry[] }>('/v1/books?limit=1000');
  const differences = async (seen: readonly BookEntry[], keyOf: (entry: BookEntry) => string, lessHeld = 0) => {
    const run = randomUUID();
    const movements = seen.map((entry) => {
      const sign = entry.type === 'CHARGE' ? 1 : -1;
      const { paymentId } = movementOf({ ...entry, position: 0, idempotencyKey: keyOf(entry), amountMinor: BigInt(sign), feeMinor: 0n });
      return {
        ...entry,
        position: Number(entry.cursor),
        paymentId,
        amountMinor: sign * entry.amountMinor,
        feeMinor: sign * entry.feeMinor,
      };
    });
    await stand.rows('SELECT start_reconciliation($1::jsonb, $2, NULL)', { at: new Date() }, run);
    await stand.rows('SELECT note_movements($1, $2::jsonb)::text', run, JSON.stringify(movements));
    // Purchase agrees, or says less of this order.
    await stand.rows(
      `SELECT note_orders($1, jsonb_agg(jsonb_build_object('id', order_id, 'currency', currency,
          'heldMinor', amount_minor - refunded_minor - CASE order_id WHEN $2 THEN $3::integer ELSE 0 END)))::text
         FROM payment WHERE state IN ('APPROVED', 'PARTIALLY_REFUNDED')`,
      run,
      order.orderId,
      lessHeld,
    );
    await stand.rows("SELECT compare_payments($1, '00000000-0000-0000-0000-000000000000', 1000)", run);
    await stand.rows('SELECT end_look($1::jsonb, $2, 1, 0)::text', { at: new Date() }, run);
    return stand.rows<{ kind: string; payment_id: string }>('SELECT kind, payment_id FROM discrepancy WHERE reconciliation_id = $1', run);
  };
  assert.equal(await differences(entries, ({ idempotencyKey }) => idempotencyKey), []);
  assert.equal(await differences(entries, ({ orderId }) => orderId), []);
  const without = entries.filter(({ orderId }) => orderId !== order.orderId);
  assert.equal(
    (await differences(without, ({ idempotencyKey }) => idempotencyKey)).map(({ kind, payment_id }) => [kind, payment_id]),
    [['CHARGE_MISSING_AT_PROVIDER', order.id]],
  );
  // A refund that has begun is on its way: purchase may count it, or not.
  const begin = 'SELECT begin_refund($1::jsonb, gen_random_uuid(), $2, 1000, $3, 600000)';
  await stand.rows(begin, { at: new Date() }, order.id, 'slow');
  const found = (lessHeld: number) => differences(entries, ({ idempotencyKey }) => idempotencyKey, lessHeld);
  assert.equal(await found(0), []);
  assert.equal(await found(1_000), []);
  assert.equal(
    (await found(1_001)).map(({ kind, payment_id }) => [kind, payment_id]),
    [['ORDER_AMOUNT_DIFFERS', order.id]],
  );
});

test.after(stand.close);
test.run();
