import { randomUUID } from 'node:crypto';
import { LedgerAccount } from '@moa/contracts/payment/v1/payment';
import { Payout_State } from '@moa/contracts/payment/v1/settlement';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSellerPeer } from './seller-peer.js';
import { EARLY, openOffice } from './settlement-support.js';
import { errorOf, IMPATIENT, openStand } from './support.js';

const stand = await openStand('payouts');
const seller = await openSellerPeer(stand.bed);
const { address } = await stand.start({ ...IMPATIENT, SELLER_ADDRESS: seller.address });
const clients = stand.clients(address);
const office = await openOffice(stand, clients, address);
const { settlements, first, second, settle, project, request, payOut } = office;

/** A settlement of a paid pledge of 30,000 won: early, so 16,668 won are to be paid. */
async function due() {
  const { projectId, sellerId } = await project(1);
  return { sellerId, settlement: await settle(projectId, EARLY) };
}

const transfersOf = async (payoutId: string) =>
  (await office.transfers())
    .filter(({ idempotencyKey }) => idempotencyKey === `payout:${payoutId}`)
    .map(({ state, amountMinor }) => `${state} ${amountMinor}`);

const owed = async (sellerId: string) =>
  (
    await clients.ledger.getBalance(
      { account: LedgerAccount.LEDGER_ACCOUNT_SELLER_PAYABLE, ownerId: sellerId, currencyCode: 'KRW' },
      await first(),
    )
  ).balanceMinor;

test('one asks, another approves, and the bank is told once; the seller is owed so much less', async () => {
  const { sellerId, settlement } = await due();
  const payout = await payOut(settlement.id);
  assert.is(payout!.state, Payout_State.STATE_PAID);
  assert.equal(await transfersOf(payout!.id), ['MADE 16668']);
  assert.is(await owed(sellerId), -11_112n);
  assert.equal(await stand.eventsOf(settlement.id), { SettlementCreated: 1, PayoutPaid: 1 });
  assert.is(reasonOf(await errorOf(request(settlement.id))), 'PAYOUT_REQUESTED_BEFORE');
  const [total] = await stand.rows<{ sum: string }>('SELECT sum(amount_minor) AS sum FROM ledger_entry');
  assert.is(total!.sum, '0');
});

test('nobody approves what he asked for himself, and nobody decides twice', async () => {
  const { settlement } = await due();
  const { id } = await request(settlement.id);
  assert.is(reasonOf(await errorOf(settlements.approvePayout({ requestId: randomUUID(), id }, await first()))), 'SAME_PERSON');
  assert.is(reasonOf(await errorOf(settlements.rejectPayout({ requestId: randomUUID(), id, reason: 'no' }, await first()))), 'SAME_PERSON');
  const third = await stand.bed.as(randomUUID(), 'ADMIN');
  const answers = await Promise.all(
    [await second(), third, await second(), third].map((as) =>
      settlements.approvePayout({ requestId: randomUUID(), id }, as).then(() => 'approved', reasonOf),
    ),
  );
  assert.equal(answers.toSorted(), ['PAYOUT_DECIDED', 'PAYOUT_DECIDED', 'PAYOUT_DECIDED', 'approved']);
  await until(async () => (await transfersOf(id)).length === 1);
  assert.is(reasonOf(await errorOf(settlements.rejectPayout({ requestId: randomUUID(), id, reason: 'late' }, third))), 'PAYOUT_DECIDED');
});

test('what was rejected may be asked for again', async () => {
  const { settlement } = await due();
  const { id } = await request(settlement.id);
  const { payout } = await settlements.rejectPayout({ requestId: randomUUID(), id, reason: '금액 확인 필요' }, await second());
  assert.equal([payout!.state, payout!.reason], [Payout_State.STATE_REJECTED, '금액 확인 필요']);
  assert.is((await payOut(settlement.id))!.state, Payout_State.STATE_PAID);
});

test('a bank account that was closed fails the payout, and nothing is booked; with another account it is paid', async () => {
  const { sellerId, settlement } = await due();
  const { account } = seller;
  seller.account = { ...account, accountNumber: '110123450000' };
  const failed = await payOut(settlement.id);
  assert.equal([failed!.state, failed!.reason], [Payout_State.STATE_FAILED, 'account_closed']);
  assert.is(await owed(sellerId), -27_780n);
  seller.account = account;
  assert.is((await payOut(settlement.id))!.state, Payout_State.STATE_PAID);
});

test('a seller who is not verified, or has a new account, is not paid', async () => {
  const { settlement } = await due();
  for (const refusal of ['SELLER_NOT_VERIFIED', 'SETTLEMENT_ACCOUNT_TOO_NEW'] as const) {
    seller.refusal = refusal;
    const failed = await payOut(settlement.id);
    assert.equal([failed!.state, failed!.reason], [Payout_State.STATE_FAILED, refusal]);
    assert.equal(await transfersOf(failed!.id), []);
  }
  seller.refusal = undefined;
});

for (const kind of ['TIMEOUT_AFTER_SUCCESS', 'TIMEOUT_BEFORE', 'ERROR_ONCE']) {
  test(`a transfer whose outcome is unknown (${kind}) is made once, also when the seller has another account by then`, async () => {
    const { settlement } = await due();
    await stand.fault({ kind, operation: 'TRANSFER' });
    const { id } = await request(settlement.id);
    await settlements.approvePayout({ requestId: randomUUID(), id }, await second());
    await until(async () => (await stand.rows('SELECT FROM payout WHERE id = $1 AND tries > 0', id)).length === 1);
    const { account } = seller;
    seller.account = { ...account, accountNumber: '110999999999' };
    await until(async () => (await stand.rows("SELECT FROM payout WHERE id = $1 AND state = 'PAID'", id)).length === 1);
    seller.account = account;
    assert.equal(await transfersOf(id), ['MADE 16668']);
  });
}

test('staff list payouts by state; a settlement of nothing has nothing to pay out', async () => {
  const { settlement } = await due();
  const { id } = await request(settlement.id);
  const { payouts } = await settlements.listPayouts({ state: Payout_State.STATE_REQUESTED, pageSize: 0, pageToken: '' }, await first());
  assert.ok(payouts.some((payout) => payout.id === id));
  assert.ok(payouts.every(({ state }) => state === Payout_State.STATE_REQUESTED));
  const { projectId, pledgeIds } = await project(1);
  await office.refund(pledgeIds[0]!, 30_000);
  assert.is(reasonOf(await errorOf(request((await settle(projectId, EARLY)).id))), 'NOTHING_TO_PAY_OUT');
  const unknown = { requestId: randomUUID(), settlementId: randomUUID() };
  assert.is(reasonOf(await errorOf(settlements.requestPayout(unknown, await first()))), 'SETTLEMENT_NOT_FOUND');
  assert.is(
    reasonOf(await errorOf(settlements.approvePayout({ requestId: randomUUID(), id: randomUUID() }, await second()))),
    'PAYOUT_NOT_FOUND',
  );
});

test.after(async () => {
  await office.close();
  await stand.stopAll();
  await seller.stop();
  await stand.close();
});
test.run();
