// Pledges that coupons and points pay for in part, or wholly.
import { randomUUID } from 'node:crypto';
import { Attempt_State, Payment_State, Refund_State } from '@moa/contracts/payment/v1/payment';
import type { Charge } from '@moa/contracts/payment/v1/payment_service';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sumsOf } from './orders.js';
import { DAY_MS, EARLY, FINAL, openOffice } from './settlement-support.js';
import { type Backer, backerWith, batch, card, chargeOf, errorOf, IMPATIENT, openStand, paidCharge, refundOf, settled } from './support.js';

const stand = await openStand('pledge-discounts');
const { address } = await stand.start(IMPATIENT);
const clients = stand.clients(address);
const { funding, payments } = clients;
const { STATE_COMPLETED, STATE_PARTIALLY_REFUNDED, STATE_CANCELED, STATE_CHARGED_BACK } = Payment_State;

const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });
const DISCOUNTS = { platformCouponMinor: 7_000n, sellerCouponMinor: 1_000n, pointsMinor: 2_000n };

/** A price of 40,000: the card is charged 30,000. */
const mixedPledge = () => paidCharge(stand, clients, 30_000n, DISCOUNTS);

/** A price of 10,000 that nothing is charged of. */
async function coveredPledge(more: Partial<Charge> = {}) {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer, { amount: won(0n), ...DISCOUNTS, ...more });
  const { payments: taken } = await funding.chargePledges(batch(charge));
  return { backer, charge, pledgeId: charge.pledgeId, id: taken[0]!.id, taken: taken[0]! };
}

const cancelOf = (pledgeId: string) => ({ requestId: randomUUID(), pledgeId, reason: '전체 취소' });
const stateOf = async ({ backer, pledgeId }: { backer: Backer; pledgeId: string }) =>
  (await payments.getPayment({ pledgeId }, backer.token)).payment!.state;
const nothingLeft = async (id: string) => assert.equal([...new Set(Object.values(await sumsOf(stand, id)))], [0]);

test('a seller is owed the whole price less the fees; coupons and points are whose they are', async () => {
  const { id, charge } = await mixedPledge();
  // Of 39,000, the price less the seller's own coupon, 5 %; the provider's fee of what was charged.
  assert.equal(await sumsOf(stand, id), {
    PROVIDER_CLEARING: 30_000,
    PLATFORM_FEE: -1_950,
    PROVIDER_FEE: -720,
    COUPON_EXPENSE: 7_000,
    POINTS_LIABILITY: 2_000,
    [`COUPON_EXPENSE ${charge.sellerId}`]: 1_000,
    [`SELLER_PAYABLE ${charge.sellerId}`]: -(40_000 - 1_950 - 720),
  });
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
  await stand.checkBooks();
});

test('a pledge that coupons and points cover is completed at once, without the provider', async () => {
  const { id, pledgeId, charge, taken, backer } = await coveredPledge();
  assert.equal([taken.state, taken.attempts.map(({ state }) => state)], [STATE_COMPLETED, [Attempt_State.STATE_SUCCEEDED]]);
  assert.equal(await sumsOf(stand, id), {
    PLATFORM_FEE: -450,
    COUPON_EXPENSE: 7_000,
    POINTS_LIABILITY: 2_000,
    [`COUPON_EXPENSE ${charge.sellerId}`]: 1_000,
    [`SELLER_PAYABLE ${charge.sellerId}`]: -9_550,
  });
  // Again, by another request.
  await funding.chargePledges(batch(charge));
  assert.is(await stateOf({ backer, pledgeId }), STATE_COMPLETED);
  assert.equal(await stand.bookedOf(pledgeId), []);
  assert.equal(await stand.keysOf(id), ['charge']);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
});

test('the same pledge with other discounts is refused; a declined one is charged again with the same', async () => {
  const backer = await backerWith(stand, clients, testCard('DECLINE'));
  const charge = chargeOf(backer, DISCOUNTS);
  await funding.chargePledges(batch(charge));
  const { id } = await settled(clients, backer, charge.pledgeId, Payment_State.STATE_FAILED);
  assert.equal(await stand.ledgerOf(id), []);
  const { billingMethod } = await payments.registerBillingMethod(card(), backer.token);
  const second = { ...charge, attempt: 2, billingMethodId: billingMethod!.id };
  for (const other of [{ pointsMinor: 1_999n }, { platformCouponMinor: 0n, sellerCouponMinor: 0n, pointsMinor: 0n }])
    assert.is(reasonOf(await errorOf(funding.chargePledges(batch({ ...second, ...other })))), 'CHARGE_CHANGED');
  await funding.chargePledges(batch(second));
  await settled(clients, backer, charge.pledgeId, STATE_COMPLETED);
  assert.is((await sumsOf(stand, id))['POINTS_LIABILITY'], 2_000);
  const plain = chargeOf(backer, { billingMethodId: billingMethod!.id });
  await funding.chargePledges(batch(plain));
  assert.is(reasonOf(await errorOf(funding.chargePledges(batch({ ...plain, pointsMinor: 1n })))), 'CHARGE_CHANGED');
});

test('refunds in odd parts give back coupons, points and fees in proportion, and to the last won', async () => {
  const { id, pledgeId, backer } = await mixedPledge();
  const { payment } = await funding.refundCharge(refundOf(pledgeId, 10_000n));
  const [refund] = payment!.refunds;
  // A third of each, half a won rounded up.
  assert.equal([refund!.platformCouponMinor, refund!.sellerCouponMinor, refund!.pointsMinor], [2_333n, 333n, 667n]);
  assert.is((await sumsOf(stand, id))['PLATFORM_FEE'], -1_300);
  for (const amount of [1n, 3_333n, 7_777n]) await funding.refundCharge(refundOf(pledgeId, amount));
  assert.is(await stateOf({ backer, pledgeId }), STATE_PARTIALLY_REFUNDED);
  const last = await funding.refundCharge(refundOf(pledgeId, 8_889n));
  assert.is(last.payment!.state, STATE_CANCELED);
  const pointsBack = last.payment!.refunds.reduce((sum, { pointsMinor }) => sum + pointsMinor, 0n);
  assert.is(pointsBack, 2_000n);
  await nothingLeft(id);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 5, PaymentCanceled: 1 });
  await stand.checkBooks();
});

test('a cancel gives back all that is left', async () => {
  const { id, pledgeId } = await mixedPledge();
  await funding.refundCharge(refundOf(pledgeId, 4_321n));
  assert.is((await funding.cancelCharge(cancelOf(pledgeId))).payment!.state, STATE_CANCELED);
  await nothingLeft(id);
  await stand.checkBooks();
});

test('a covered pledge is given back by a cancel, or by a refund of nothing, once', async () => {
  for (const giveBack of [funding.cancelCharge, funding.refundCharge] as ((
    request: ReturnType<typeof refundOf>,
  ) => ReturnType<typeof funding.cancelCharge>)[]) {
    const { id, pledgeId } = await coveredPledge();
    const request = refundOf(pledgeId, 0n);
    const { payment } = await giveBack(request);
    assert.is(payment!.state, STATE_CANCELED);
    assert.equal(
      payment!.refunds.map(({ state, pointsMinor }) => [state, pointsMinor]),
      [[Refund_State.STATE_SETTLED, 2_000n]],
    );
    for (const again of [request, { ...request, requestId: randomUUID() }]) assert.equal((await giveBack(again)).payment, payment);
    await nothingLeft(id);
    assert.equal(await stand.keysOf(id), ['charge', 'refund-due']);
    assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1, PaymentCanceled: 1 });
    assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 1n)))), 'REFUND_TOO_LARGE');
  }
});

test('of a pledge that was paid, nothing is not given back', async () => {
  const { pledgeId } = await mixedPledge();
  assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 0n)))), 'REFUND_EMPTY');
});

test('20 refunds at once give back what was paid, and the coupons and points that go with it', async () => {
  const { id, pledgeId } = await mixedPledge();
  const answers = await Promise.all(Array.from({ length: 20 }, () => errorOf(funding.refundCharge(refundOf(pledgeId, 4_000n)))));
  assert.is(answers.filter((error) => error === undefined).length, 7);
  const sums = await sumsOf(stand, id);
  // 28,000 of 30,000 are back.
  assert.equal([sums['PROVIDER_CLEARING'], sums['COUPON_EXPENSE'], sums['POINTS_LIABILITY']], [2_000, 467, 133]);
  await stand.checkBooks();
});

test('what the provider gave back of its own accord takes its part of coupons and points along', async () => {
  const { id, pledgeId, chargeId, backer } = await mixedPledge();
  await stand.cancelAt(chargeId, 10_000);
  for (let times = 0; times < 2; times++) await clients.webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.refunded'));
  await until(async () => (await stateOf({ backer, pledgeId })) === STATE_PARTIALLY_REFUNDED);
  assert.is((await sumsOf(stand, id))['POINTS_LIABILITY'], 1_333);
  await funding.cancelCharge(cancelOf(pledgeId));
  await nothingLeft(id);
  await stand.checkBooks();
});

test('a refund that the provider refuses, the bank having been first, leaves coupons and points to the chargeback', async () => {
  const { id, pledgeId, chargeId, charge } = await mixedPledge();
  await stand.chargeBackAt(chargeId);
  assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 4_000n)))), 'REFUND_REFUSED');
  await until(async () => (await stand.keysOf(id)).includes('chargeback'));
  const sums = await sumsOf(stand, id);
  assert.equal(
    [sums['BUYER_REFUNDS_DUE'], sums['COUPON_EXPENSE'], sums['POINTS_LIABILITY'], sums[`COUPON_EXPENSE ${charge.sellerId}`]],
    [0, 0, 0, 0],
  );
  await stand.checkBooks();
});

test('a chargeback undoes coupons and points, too', async () => {
  const pledge = await mixedPledge();
  await stand.chargeBackAt(pledge.chargeId);
  await clients.webhooks.receiveWebhook(stand.webhook(pledge.chargeId, 'charge.charged_back'));
  await until(async () => (await stateOf(pledge)) === STATE_CHARGED_BACK);
  const sums = await sumsOf(stand, pledge.id);
  // The provider keeps its fee: the seller has paid it.
  assert.equal(
    [sums['COUPON_EXPENSE'], sums['POINTS_LIABILITY'], sums[`COUPON_EXPENSE ${pledge.charge.sellerId}`], sums['PLATFORM_FEE']],
    [0, 0, 0, 0],
  );
  assert.is(sums[`SELLER_PAYABLE ${pledge.charge.sellerId}`], 720);
  await stand.checkBooks();
});

test('a settlement of a project has the price as gross and the share that the seller gave to coupons; its lines add up to it', async () => {
  const office = await openOffice(stand, clients, address);
  const [projectId, sellerId] = [randomUUID(), randomUUID()];
  const { pledgeId } = await paidCharge(stand, clients, 30_000n, { ...DISCOUNTS, projectId, sellerId });
  await paidCharge(stand, clients, 30_000n, { projectId, sellerId });
  await coveredPledge({ projectId, sellerId });
  await office.endCharges({ projectId, sellerId });
  const early = await office.settle(projectId, EARLY);
  const figures = (['gross', 'refunds', 'platformFee', 'providerFee', 'couponShare'] as const).map((name) =>
    Number(early[name]!.amountMinor),
  );
  assert.equal(figures, [80_000, 0, 1_950 + 1_500 + 450, 1_440, 2_000]);
  assert.is(early.net!.amountMinor + early.heldAfter!.amountMinor, 72_660n);

  await funding.refundCharge(refundOf(pledgeId, 15_000n));
  stand.bed.shiftClock(15 * DAY_MS);
  const final = await office.settle(projectId, FINAL);
  assert.equal(
    (['gross', 'refunds', 'platformFee', 'providerFee', 'couponShare'] as const).map((name) => Number(final[name]!.amountMinor)),
    [0, 20_000, -975, -360, -500],
  );
  const seller = stand.bed.connect(office.definition, address, { as: 'seller' });
  for (const settlement of [early, final]) {
    const { lines } = await seller.getStatement({ settlementId: settlement.id, sellerId, pageSize: 0, pageToken: '' });
    const sum = (of: (line: (typeof lines)[number]) => bigint) => lines.reduce((total, line) => total + of(line), 0n);
    assert.is(
      sum(({ gross }) => gross!.amountMinor),
      settlement.gross!.amountMinor - settlement.refunds!.amountMinor,
    );
    assert.is(
      sum(({ couponShare }) => couponShare!.amountMinor),
      settlement.couponShare!.amountMinor,
    );
    for (const { gross, platformFee, providerFee, couponShare, net } of lines)
      assert.is(net!.amountMinor, gross!.amountMinor - platformFee!.amountMinor - providerFee!.amountMinor - couponShare!.amountMinor);
  }
  // A seller of pledges alone has no orders.
  const period = { requestId: randomUUID(), sellerId, currencyCode: 'KRW', periodEnd: new Date(stand.bed.now().getTime() - 14 * DAY_MS) };
  assert.is(reasonOf(await errorOf(office.settlements.createPeriodSettlement(period, await office.first()))), 'SELLER_WITHOUT_ORDERS');
  await office.close();
});

test.after(stand.close);
test.run();
