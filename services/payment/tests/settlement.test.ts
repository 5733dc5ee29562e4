import { randomUUID } from 'node:crypto';
import { SettlementCreated } from '@moa/contracts/payment/v1/payment_events';
import { type Settlement, Settlement_State } from '@moa/contracts/payment/v1/settlement';
import type { ListSettlementsRequest } from '@moa/contracts/payment/v1/settlement_service';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADJUSTMENT, DAY_MS, EARLY, FINAL, openOffice } from './settlement-support.js';
import { errorOf, openStand } from './support.js';

const stand = await openStand('settlement');
const { address } = await stand.start();
const clients = stand.clients(address);
const office = await openOffice(stand, clients, address);
const { settlements, first, settle, project, endCharges, refund } = office;
const events = await openEvents(stand.bed);
const told = await events.listen(SettlementCreated);

const won = (amount: number) => BigInt(amount);
const figures = (settlement: Settlement) =>
  Object.fromEntries(
    (['gross', 'refunds', 'platformFee', 'providerFee', 'heldBefore', 'shortBefore', 'net', 'heldAfter', 'shortAfter'] as const).map(
      (name) => [name, Number(settlement[name]!.amountMinor)],
    ),
  );
// Of 30,000 won: 1,500 for the platform and 720 for the provider.
const NOTHING = {
  gross: 0,
  refunds: 0,
  platformFee: 0,
  providerFee: 0,
  heldBefore: 0,
  shortBefore: 0,
  net: 0,
  heldAfter: 0,
  shortAfter: 0,
};

test('an early settlement pays a share, the final one the rest, and no won twice', async () => {
  const made = await project(2);
  const early = await settle(made.projectId, EARLY);
  assert.equal(figures(early), { ...NOTHING, gross: 60_000, platformFee: 3_000, providerFee: 1_440, net: 33_336, heldAfter: 22_224 });
  await endCharges(made);
  stand.bed.shiftClock(15 * DAY_MS);
  const final = await settle(made.projectId, FINAL);
  assert.equal(figures(final), { ...NOTHING, heldBefore: 22_224, net: 22_224 });
  await until(() => told.filter(({ projectId }) => projectId === made.projectId).length === 2);
  assert.equal(
    told.filter(({ projectId }) => projectId === made.projectId).map(({ net }) => net!.amountMinor),
    [33_336n, 22_224n],
  );
});

test('a final settlement waits for every charge and for the days of the policy, and is made once', async () => {
  const made = await project(1);
  assert.is(reasonOf(await errorOf(settle(made.projectId, FINAL))), 'FINAL_SETTLEMENT_TOO_EARLY');
  await endCharges(made);
  assert.is(reasonOf(await errorOf(settle(made.projectId, FINAL))), 'FINAL_SETTLEMENT_TOO_EARLY');
  assert.is(reasonOf(await errorOf(settle(made.projectId, ADJUSTMENT))), 'PROJECT_NOT_FINALLY_SETTLED');
  stand.bed.shiftClock(15 * DAY_MS);
  const answers = await Promise.all([1, 2, 3, 4].map(() => settle(made.projectId, FINAL).then(() => 'made', reasonOf)));
  assert.equal(answers.toSorted(), ['PROJECT_FINALLY_SETTLED', 'PROJECT_FINALLY_SETTLED', 'PROJECT_FINALLY_SETTLED', 'made']);
  assert.is(reasonOf(await errorOf(settle(made.projectId, EARLY))), 'PROJECT_FINALLY_SETTLED');
  assert.is(reasonOf(await errorOf(settle(randomUUID(), EARLY))), 'PROJECT_WITHOUT_PAYMENTS');
});

test('the same request is one settlement', async () => {
  const { projectId } = await project(1);
  const request = { requestId: randomUUID(), projectId, kind: EARLY };
  const answers = await Promise.all([1, 2, 3].map(async () => settlements.createSettlement(request, await first())));
  assert.is(new Set(answers.map(({ settlement }) => settlement!.id)).size, 1);
});

test('what is refunded after the final settlement makes the seller short, and the next settlement of another project makes up for it', async () => {
  const made = await project(1);
  await endCharges(made);
  stand.bed.shiftClock(15 * DAY_MS);
  await settle(made.projectId, FINAL);
  await refund(made.pledgeIds[0]!, 10_000);
  const adjustment = await settle(made.projectId, ADJUSTMENT);
  // The platform gives 500 of its fee back, the provider 240.
  assert.equal(figures(adjustment), { ...NOTHING, refunds: 10_000, platformFee: -500, providerFee: -240, shortAfter: 9_260 });
  const next = await project(1, made.sellerId);
  const early = await settle(next.projectId, EARLY);
  assert.equal(figures(early), {
    ...NOTHING,
    gross: 30_000,
    platformFee: 1_500,
    providerFee: 720,
    shortBefore: 9_260,
    net: 11_112,
    heldAfter: 7_408,
  });
});

test('settlements of a project that overtake each other pay no won twice, and lose none', async () => {
  for (let round = 0; round < 4; round++) {
    const made = await project(1);
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map(() => settle(made.projectId, EARLY)));
    const last = await settle(made.projectId, EARLY);
    assert.is(
      [...all, last].reduce((sum, { net }) => sum + net!.amountMinor, last.heldAfter!.amountMinor),
      27_780n,
    );
  }
});

test("a refund, a chargeback and settlements at once: every movement is in one settlement, and the sums are the ledger's", async () => {
  const made = await project(6);
  const { id: chargeId } = await stand.chargeAt(
    (await stand.rows<{ id: string }>('SELECT id FROM payment WHERE pledge_id = $1', made.pledgeIds[5]))[0]!.id,
  );
  await stand.ask(`/v1/charges/${chargeId}/chargeback`, {});
  await Promise.all([
    ...made.pledgeIds.slice(0, 4).map((pledgeId) => refund(pledgeId, 7_000)),
    clients.webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.charged_back')),
    ...[1, 2, 3].map(() => settle(made.projectId, EARLY)),
  ]);
  const last = await settle(made.projectId, EARLY);
  const [ledger] = await stand.rows<{ owed: string; items: string; transactions: string }>(
    `SELECT -sum(e.amount_minor) FILTER (WHERE e.account = 'SELLER_PAYABLE') AS owed, count(DISTINCT t.id) AS transactions,
       (SELECT count(*) FROM settlement_item i JOIN settlement s ON s.id = i.settlement_id WHERE s.project_id = $1) AS items
       FROM payment p JOIN ledger_transaction t ON t.payment_id = p.id JOIN ledger_entry e ON e.transaction_id = t.id WHERE p.project_id = $1`,
    made.projectId,
  );
  assert.is(ledger!.items, ledger!.transactions);
  const [paid] = await stand.rows<{ net: string }>('SELECT sum(net_minor) AS net FROM settlement WHERE project_id = $1', made.projectId);
  assert.is(won(Number(ledger!.owed)), BigInt(paid!.net) + last.heldAfter!.amountMinor - last.shortAfter!.amountMinor);
});

test('a statement has every movement, page by page, and is for its seller only', async () => {
  const made = await project(3);
  await refund(made.pledgeIds[0]!, 10_000);
  const { id, net, heldAfter } = await settle(made.projectId, EARLY);
  const asSeller = stand.bed.connect(office.definition, address, { as: 'seller' });
  const request = { settlementId: id, sellerId: made.sellerId, pageSize: 2 };
  const lines = [];
  for (let pageToken = ''; ; ) {
    const page = await asSeller.getStatement({ ...request, pageToken });
    lines.push(...page.lines);
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  // Three charges; what is due of the refund, and the fee that came back with it.
  assert.is(lines.length, 5);
  assert.is(
    lines.reduce((sum, line) => sum + line.net!.amountMinor, 0n),
    net!.amountMinor + heldAfter!.amountMinor,
  );
  for (const { gross, platformFee, providerFee, net: left } of lines)
    assert.is(gross!.amountMinor - platformFee!.amountMinor - providerFee!.amountMinor, left!.amountMinor);
  assert.is(reasonOf(await errorOf(asSeller.getStatement({ ...request, sellerId: randomUUID(), pageToken: '' }))), 'SETTLEMENT_NOT_FOUND');
  assert.is(reasonOf(await errorOf(settlements.getStatement({ ...request, pageToken: '' }, await first()))), 'CALLER_NOT_ALLOWED');
});

const list = async (more: Partial<ListSettlementsRequest>) =>
  (
    await settlements.listSettlements(
      { sellerId: '', state: Settlement_State.STATE_UNSPECIFIED, pageSize: 0, pageToken: '', ...more },
      await first(),
    )
  ).settlements;
const idsOf = (listed: readonly Settlement[]) => listed.map(({ id }) => id);

test('lists show settlements newest first, of one seller or of all', async () => {
  const made = await project(1);
  for (let count = 0; count < 3; count++) await settle(made.projectId, EARLY);
  const all = await list({ sellerId: made.sellerId });
  assert.is(all.length, 3);
  assert.equal(idsOf(await list({ pageSize: 2 })), idsOf(all.slice(0, 2)));
  assert.is(reasonOf(await errorOf(settlements.getSettlement({ id: randomUUID() }, await first()))), 'SETTLEMENT_NOT_FOUND');
  const nobody = await stand.bed.as(made.sellerId, 'SELLER');
  const request = { sellerId: made.sellerId, state: Settlement_State.STATE_UNSPECIFIED, pageSize: 0, pageToken: '' };
  assert.is(reasonOf(await errorOf(settlements.listSettlements(request, nobody))), 'CALLER_NOT_ALLOWED');
});

test('lists show what is to be paid out, what is on its way, and what has nothing to pay', async () => {
  const { sellerId, projectId, pledgeIds } = await project(1);
  const [payable, requested, rejected] = [
    await settle(projectId, EARLY),
    await settle((await project(1, sellerId)).projectId, EARLY),
    await settle((await project(1, sellerId)).projectId, EARLY),
  ];
  await office.request(requested.id);
  const { id } = await office.request(rejected.id);
  await settlements.rejectPayout({ requestId: randomUUID(), id, reason: '확인 필요' }, await office.second());
  await refund(pledgeIds[0]!, 30_000);
  const empty = await settle(projectId, EARLY);
  const inState = async (state: Settlement_State) => {
    const listed = await list({ sellerId, state });
    assert.ok(listed.every((settlement) => settlement.state === state));
    return idsOf(listed);
  };
  assert.equal(await inState(Settlement_State.STATE_PAYABLE), [rejected.id, payable.id]);
  assert.equal(await inState(Settlement_State.STATE_IN_PAYOUT), [requested.id]);
  assert.equal(await inState(Settlement_State.STATE_EMPTY), [empty.id]);
  assert.equal(await inState(Settlement_State.STATE_PAID), []);
});

test.after(async () => {
  await events.close();
  await office.close();
  await stand.close();
});
test.run();
