import { randomUUID } from 'node:crypto';
import type { OrderShare } from '@moa/contracts/payment/v1/instant_payment_service';
import { LedgerAccount } from '@moa/contracts/payment/v1/payment';
import { SettlementCreated } from '@moa/contracts/payment/v1/payment_events';
import { Payout_State, type Settlement, Settlement_State } from '@moa/contracts/payment/v1/settlement';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lineOf, type Placed, paidOrder, refundOf, share, won } from './orders.js';
import { openSellerPeer } from './seller-peer.js';
import { DAY_MS, EARLY, openOffice, PERIOD } from './settlement-support.js';
import { errorOf, openStand } from './support.js';

const stand = await openStand('period-settlement');
const peer = await openSellerPeer(stand.bed);
const { address } = await stand.start({ SELLER_ADDRESS: peer.address });
const clients = stand.clients(address);
const office = await openOffice(stand, clients, address);
const { settlements, first, project, settle } = office;
const events = await openEvents(stand.bed);
const told = await events.listen(SettlementCreated);
const REFUND_DAYS_MS = 14 * DAY_MS;

/** A paid order of shares that cost so many won, less what coupons and points pay. */
function order(...shares: OrderShare[]): Promise<Placed> {
  const paid = shares.reduce(
    (sum, { amountMinor, platformCouponMinor, sellerCouponMinor, pointsMinor }) =>
      sum + Number(amountMinor - platformCouponMinor - sellerCouponMinor - pointsMinor),
    0,
  );
  return paidOrder(stand, clients, { amount: won(paid), shares });
}

const refund = ({ orderId }: Placed, sellerId: string, amount: number) =>
  clients.purchase.refundPayment(refundOf({ orderId }, lineOf({ sellerId }, amount)));

const now = () => stand.bed.now();
const ask = (sellerId: string, periodEnd: Date, more: { requestId?: string; currencyCode?: string } = {}) => ({
  requestId: randomUUID(),
  sellerId,
  currencyCode: 'KRW',
  periodEnd,
  ...more,
});
const settlePeriod = async (sellerId: string, end: Date) =>
  (await settlements.createPeriodSettlement(ask(sellerId, end), await first())).settlement!;

/** Everything until now, once the days in which people ask for refunds are over. */
async function settleAll(sellerId: string): Promise<Settlement> {
  const end = now();
  stand.bed.shiftClock(REFUND_DAYS_MS + 1_000);
  return settlePeriod(sellerId, end);
}

const NAMES = ['gross', 'refunds', 'platformFee', 'providerFee', 'couponShare', 'shortBefore', 'net', 'shortAfter'] as const;
const figures = (settlement: Settlement) =>
  Object.fromEntries(NAMES.map((name) => [name, Number(settlement[name]!.amountMinor)]).filter(([, amount]) => amount !== 0));

const linesOf = async ({ id, sellerId }: Settlement, pageSize = 2) => {
  const asSeller = stand.bed.connect(office.definition, address, { as: 'seller' });
  const lines = [];
  for (let pageToken = ''; ; ) {
    const page = await asSeller.getStatement({ settlementId: id, sellerId, pageSize, pageToken });
    lines.push(...page.lines);
    pageToken = page.nextPageToken;
    if (pageToken === '') return lines;
  }
};

/** What the ledger says that a seller is owed: what is payable, less his own coupons. */
async function owed(sellerId: string): Promise<bigint> {
  const { LEDGER_ACCOUNT_SELLER_PAYABLE, LEDGER_ACCOUNT_COUPON_EXPENSE } = LedgerAccount;
  const balances = await Promise.all(
    [LEDGER_ACCOUNT_SELLER_PAYABLE, LEDGER_ACCOUNT_COUPON_EXPENSE].map(async (account) => {
      const { balanceMinor } = await clients.ledger.getBalance({ account, ownerId: sellerId, currencyCode: 'KRW' }, await first());
      return balanceMinor;
    }),
  );
  return -balances.reduce((sum, balance) => sum + balance, 0n);
}

test('each seller of an order is paid his part: price less fees and his own coupons, whoever pays for the rest', async () => {
  const [one, other] = [randomUUID(), randomUUID()];
  await order(
    share(20_000, { sellerId: one, sellerCouponMinor: 2_000n, platformCouponMinor: 1_000n }),
    share(10_000, { sellerId: other, pointsMinor: 500n }),
  );
  const settlement = await settleAll(one);
  // Of 18,000 won the platform takes 900. Of 26,500 won that were paid the provider keeps 636: 408 of them for 17,000.
  assert.equal(figures(settlement), { gross: 20_000, couponShare: 2_000, platformFee: 900, providerFee: 408, net: 16_692 });
  assert.equal([settlement.kind, settlement.projectId, settlement.periodStart], [PERIOD, '', undefined]);
  assert.is(await owed(one), 16_692n);
  const otherOnes = await settleAll(other);
  assert.equal(figures(otherOnes), { gross: 10_000, platformFee: 500, providerFee: 228, net: 9_272 });
  assert.is((await office.payOut(settlement.id))!.state, Payout_State.STATE_PAID);
  assert.is(await owed(one), 0n);
  assert.is(await owed(other), 9_272n);
  const event = await until(async () => told.find(({ settlementId }) => settlementId === settlement.id));
  assert.equal([event.projectId, event.periodStart, event.periodEnd, event.net], ['', undefined, settlement.periodEnd, won(16_692)]);
});

test('a period has the orders that were paid before its end, with what has happened to them since; the next begins there', async () => {
  const sellerId = randomUUID();
  const refunded = await order(share(30_000, { sellerId }));
  const end = now();
  stand.bed.shiftClock(DAY_MS);
  await order(share(10_000, { sellerId }));
  await refund(refunded, sellerId, 15_000);
  await until(async () => (await stand.keysOf(refunded.id)).includes('refund'));
  stand.bed.shiftClock(REFUND_DAYS_MS);
  const settlement = await settlePeriod(sellerId, end);
  assert.equal(figures(settlement), { gross: 30_000, refunds: 15_000, platformFee: 750, providerFee: 360, net: 13_890 });
  const next = await settlePeriod(sellerId, new Date(end.getTime() + DAY_MS));
  assert.equal(next.periodStart, settlement.periodEnd);
});

test('what is refunded after its settlement makes the seller short, and projects and orders make up for each other', async () => {
  const sellerId = randomUUID();
  const paid = await order(share(30_000, { sellerId }));
  assert.is((await settleAll(sellerId)).net!.amountMinor, 27_780n);
  await refund(paid, sellerId, 10_000);
  await until(async () => (await stand.keysOf(paid.id)).includes('refund'));
  const short = await settleAll(sellerId);
  assert.equal(figures(short), { refunds: 10_000, platformFee: -500, providerFee: -240, shortAfter: 9_260 });
  const early = await settle((await project(1, sellerId)).projectId, EARLY);
  assert.equal([early.shortBefore!.amountMinor, early.net!.amountMinor], [9_260n, 11_112n]);
});

test('a period waits for its end and the days of the policy, and is settled once', async () => {
  const sellerId = randomUUID();
  await order(share(30_000, { sellerId }));
  const end = now();
  assert.is(reasonOf(await errorOf(settlePeriod(sellerId, end))), 'PERIOD_SETTLEMENT_TOO_EARLY');
  assert.is(reasonOf(await errorOf(settlePeriod(randomUUID(), end))), 'SELLER_WITHOUT_ORDERS');
  const inDollars = ask(sellerId, end, { currencyCode: 'USD' });
  assert.is(reasonOf(await errorOf(settlements.createPeriodSettlement(inDollars, await first()))), 'SELLER_WITHOUT_ORDERS');
  stand.bed.shiftClock(REFUND_DAYS_MS);
  const answers = await Promise.all([1, 2, 3, 4].map(() => settlePeriod(sellerId, end).then(() => 'made', reasonOf)));
  assert.equal(answers.toSorted(), ['PERIOD_SETTLED', 'PERIOD_SETTLED', 'PERIOD_SETTLED', 'made']);
  const request = ask(sellerId, new Date(end.getTime() + 1));
  stand.bed.shiftClock(DAY_MS);
  const again = await Promise.all([1, 2, 3].map(async () => settlements.createPeriodSettlement(request, await first())));
  assert.is(new Set(again.map(({ settlement }) => settlement!.id)).size, 1);
  const ofProject = { requestId: randomUUID(), projectId: randomUUID(), kind: PERIOD };
  assert.is(reasonOf(await errorOf(settlements.createSettlement(ofProject, await first()))), 'REQUEST_INVALID');
});

test("refunds, a chargeback and settlements at once: every movement is in one settlement of each seller, and the sums are the ledger's", async () => {
  const [one, other] = [randomUUID(), randomUUID()];
  const orders = await Promise.all(
    Array.from({ length: 5 }, () =>
      order(
        share(20_000, { sellerId: one, sellerCouponMinor: 1_000n, pointsMinor: 333n }),
        share(9_999, { sellerId: other, platformCouponMinor: 777n }),
      ),
    ),
  );
  const [base, chargedBack] = [now().getTime(), orders[4]!];
  stand.bed.shiftClock(REFUND_DAYS_MS + DAY_MS);
  const [{ provider_charge_id: chargeId }] = (await stand.rows<{ provider_charge_id: string }>(
    'SELECT provider_charge_id FROM confirmation WHERE payment_id = $1',
    chargedBack.id,
  )) as [{ provider_charge_id: string }];
  await refund(chargedBack, one, 1_234);
  await stand.chargeBackAt(chargeId);
  await Promise.all([
    ...orders.slice(0, 4).flatMap((placed) => [refund(placed, one, 7_001), refund(placed, other, 4_999)]),
    clients.webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.charged_back')),
    ...[one, other].flatMap((sellerId) => [1, 2, 3].map((part) => settlePeriod(sellerId, new Date(base + part)).catch(reasonOf))),
  ]);
  await until(async () => (await stand.rows("SELECT FROM refund WHERE state = 'BEGUN'")).length === 0);
  await until(async () => (await stand.keysOf(chargedBack.id)).includes('chargeback'));
  for (const sellerId of [one, other]) {
    const last = await settlePeriod(sellerId, new Date(base + 10));
    const { settlements: all } = await settlements.listSettlements(
      { sellerId, state: Settlement_State.STATE_UNSPECIFIED, pageSize: 100, pageToken: '' },
      await first(),
    );
    const net = all.reduce((sum, settlement) => sum + settlement.net!.amountMinor, 0n);
    assert.is(net - last.shortAfter!.amountMinor, await owed(sellerId));
    const lines = (await Promise.all(all.map((settlement) => linesOf(settlement)))).flat();
    const entries = await stand.rows(
      "SELECT DISTINCT e.transaction_id FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id WHERE e.owner_id = $1 AND t.kind <> 'PAYOUT'",
      sellerId,
    );
    assert.is(lines.length, entries.length);
    for (const { gross, platformFee, providerFee, couponShare, net: left } of lines) {
      assert.is(gross!.amountMinor - platformFee!.amountMinor - providerFee!.amountMinor - couponShare!.amountMinor, left!.amountMinor);
    }
    assert.ok(lines.every(({ orderId, pledgeId }) => orderId !== '' && pledgeId === ''));
    // Of what was charged back nothing is left but what the provider keeps.
    const ofIt = lines.filter(({ orderId }) => orderId === chargedBack.orderId);
    const sumOf = (name: 'gross' | 'platformFee' | 'couponShare') => ofIt.reduce((sum, line) => sum + line[name]!.amountMinor, 0n);
    assert.equal([sumOf('gross'), sumOf('platformFee'), sumOf('couponShare')], [0n, 0n, 0n]);
  }
});

test.after(async () => {
  await events.close();
  await office.close();
  await stand.stopAll();
  await peer.stop();
  await stand.close();
});
test.run();
