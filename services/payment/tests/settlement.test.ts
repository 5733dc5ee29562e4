import { randomUUID } from 'node:crypto';
import { SettlementCreated } from '@moa/contracts/payment/v1/payment_events';
import type { Settlement } from '@moa/contracts/payment/v1/settlement';
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

test('a policy holds from its time on, for one seller or for all; what was asked for before keeps its own', async () => {
  const sellerId = randomUUID();
  const before = await project(1, sellerId);
  const policy = {
    requestId: randomUUID(),
    sellerId,
    validFrom: new Date(stand.bed.now().getTime() + DAY_MS),
    platformBasisPoints: 250,
    earlyBasisPoints: 10_000,
    finalAfterDays: 0,
  };
  assert.is(reasonOf(await errorOf(settlements.setFeePolicy({ ...policy, validFrom: new Date(0) }, await first()))), 'REQUEST_INVALID');
  const { policy: made } = await settlements.setFeePolicy(policy, await first());
  stand.bed.shiftClock(DAY_MS + 1_000);
  await refund(before.pledgeIds[0]!, 10_000);
  assert.is((await settle(before.projectId, EARLY)).platformFee!.amountMinor, 1_000n);
  const after = await project(1, sellerId);
  const settlement = await settle(after.projectId, EARLY);
  assert.equal([settlement.platformFee!.amountMinor, settlement.net!.amountMinor], [750n, 28_530n]);
  assert.is((await settle((await project(1)).projectId, EARLY)).platformFee!.amountMinor, 1_500n);
  const { policies } = await settlements.listFeePolicies({ sellerId, pageSize: 0, pageToken: '' }, await first());
  assert.equal(policies, [made]);
  const { policies: everybodys } = await settlements.listFeePolicies({ sellerId: '', pageSize: 0, pageToken: '' }, await first());
  assert.equal(
    everybodys.map(({ platformBasisPoints }) => platformBasisPoints),
    [500],
  );
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

test('lists show settlements newest first, of one seller or of all', async () => {
  const made = await project(1);
  for (let count = 0; count < 3; count++) await settle(made.projectId, EARLY);
  const { settlements: all } = await settlements.listSettlements({ sellerId: made.sellerId, pageSize: 0, pageToken: '' }, await first());
  assert.is(all.length, 3);
  const page = await settlements.listSettlements({ sellerId: '', pageSize: 2, pageToken: '' }, await first());
  assert.equal(
    page.settlements.map(({ id }) => id),
    all.slice(0, 2).map(({ id }) => id),
  );
  assert.is(reasonOf(await errorOf(settlements.getSettlement({ id: randomUUID() }, await first()))), 'SETTLEMENT_NOT_FOUND');
  const nobody = await stand.bed.as(made.sellerId, 'SELLER');
  assert.is(
    reasonOf(await errorOf(settlements.listSettlements({ sellerId: made.sellerId, pageSize: 0, pageToken: '' }, nobody))),
    'CALLER_NOT_ALLOWED',
  );
});

test.after(async () => {
  await events.close();
  await office.close();
  await stand.close();
});
test.run();
