// Money is given back while others give it back, the bank takes it back, and it is settled: nobody gets more than was paid, and the books agree.
import { randomUUID } from 'node:crypto';
import { Settlement_Kind } from '@moa/contracts/payment/v1/settlement';
import { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCrowd } from './money/crowd.js';
import type { Done } from './money/explanations.js';
import type { Card } from './money/model.js';
import { openStand } from './money/stand.js';

const RACERS = 12;
const PRICE = 10_000;
const HOUR_MS = 3_600_000;

const stand = await openStand(1, Math.random);
const settlements = stand.bed.connect(SettlementServiceDefinition, stand.paymentAddress);

/** Pledges that were paid, each with its project to itself, and what may be done to them. */
async function paidPledges(count: number) {
  const plan = { keeps: true, goal: 1, closeHour: 1, retries: 0, rewards: [{ price: PRICE, stock: null, limit: 0 }] };
  const crowd = await openCrowd(
    stand,
    Array.from({ length: count }, () => plan),
    stand.bed.now(),
  );
  const keys = await Promise.all(
    Array.from({ length: count }, async (_, project) => {
      const [key, card]: [string, Card] = [`pledge ${project}`, { kind: 'PLAIN', parameter: 0, tries: 0 }];
      await crowd.bring(card, 0);
      await crowd.perform({ does: 'pledge', key, backer: 0, project, wants: { lines: [1], extra: 0 }, card }, 0, false);
      return key;
    }),
  );
  stand.bed.shiftClock(2 * HOUR_MS);
  await stand.untilQuiet();
  return keys.map((pledge, n) => ({
    id: crowd.names.pledges.get(pledge)!,
    projectId: crowd.names.projects[n]!.id,
    refund: (part: number | null, twice = false) => crowd.perform({ does: 'refund', pledge, part }, 0, twice),
    chargeBack: () => crowd.perform({ does: 'chargeback', pledge }, 0, false),
  }));
}

/** What went back at the provider, what funding says of it, and the ledger's account of the seller and of what is due. */
async function outcomeOf(id: string) {
  await stand.untilQuiet();
  const { body } = await stand.ask<{ entries: { orderId: string; type: string; amountMinor: number }[] }>('/v1/books?limit=1000');
  const moved = body.entries.filter(({ orderId }) => orderId === id).map(({ type, amountMinor }) => `${type} ${amountMinor}`);
  const [pledge] = await stand.sql<{ state: string; refunded: number }>(
    'funding',
    'SELECT state, refunded_minor::integer AS refunded FROM pledge WHERE id = $1',
    id,
  );
  const ledger = await stand.sql<{ account: string; sum: number }>(
    'payment',
    `SELECT e.account, sum(e.amount_minor)::integer AS sum FROM payment p JOIN ledger_transaction t ON t.payment_id = p.id JOIN ledger_entry e ON e.transaction_id = t.id
     WHERE p.pledge_id = $1 GROUP BY 1 HAVING sum(e.amount_minor) <> 0`,
    id,
  );
  return { moved, ...pledge!, ledger: Object.fromEntries(ledger.map(({ account, sum }) => [account, sum])) };
}

const doneOf = (answers: readonly Done[]) => answers.filter(({ outcome }) => outcome.done).length;
const reasonsOf = (answers: readonly Done[]) => new Set(answers.flatMap(({ outcome }) => (outcome.done ? [] : [outcome.reason])));

test('twelve who give a pledge back in full at once give it back once, and each is told so', async () => {
  const [pledge] = await paidPledges(1);
  const answers = await Promise.all(Array.from({ length: RACERS }, () => pledge!.refund(null)));
  assert.is(doneOf(answers), RACERS);
  const { moved, state, refunded, ledger } = await outcomeOf(pledge!.id);
  assert.equal([moved, state, refunded, ledger], [[`CHARGE ${PRICE}`, `REFUND ${PRICE}`], 'REFUNDED', PRICE, {}]);
});

test('of twelve who give back thirty percent at once three can, and the others are told that it is too much', async () => {
  const [pledge] = await paidPledges(1);
  const answers = await Promise.all(Array.from({ length: RACERS }, () => pledge!.refund(3_000)));
  assert.is(doneOf(answers), 3);
  assert.equal(reasonsOf(answers), new Set(['REFUND_TOO_LARGE']));
  const { moved, state, refunded } = await outcomeOf(pledge!.id);
  assert.equal(moved.sort(), [`CHARGE ${PRICE}`, ...Array(3).fill('REFUND 3000')]);
  assert.equal([state, refunded], ['PAID', 9_000]);
});

test('the same refund asked for twice at once is one', async () => {
  const [pledge] = await paidPledges(1);
  assert.is(doneOf([await pledge!.refund(3_000, true)]), 1);
  assert.equal((await outcomeOf(pledge!.id)).moved, [`CHARGE ${PRICE}`, 'REFUND 3000']);
});

test('what is given back while the bank takes it back goes back once', async () => {
  const pledges = await paidPledges(4);
  for (const pledge of pledges) {
    const answers = await Promise.all([pledge.refund(4_000), pledge.chargeBack(), pledge.refund(4_000)]);
    const { moved, state, ledger } = await outcomeOf(pledge.id);
    const back = moved.slice(1).reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
    assert.is(back, PRICE, moved.join(', '));
    assert.is(moved.filter((line) => line.startsWith('REFUND')).length, doneOf(answers) - 1);
    assert.is(state, 'CHARGED_BACK');
    // The seller has to bear the provider's fee for what the bank took, and nothing is due to anybody.
    assert.equal(
      Object.keys(ledger).filter((account) => !['SELLER_PAYABLE', 'PROVIDER_FEE'].includes(account)),
      [],
    );
  }
});

test('what is given back while it is settled is in a settlement, once', async () => {
  const [pledge] = await paidPledges(1);
  const { id, projectId } = pledge!;
  const settle = async () =>
    settlements.createSettlement(
      { requestId: randomUUID(), projectId, kind: Settlement_Kind.KIND_EARLY },
      await stand.bed.as(randomUUID(), 'ADMIN'),
    );
  await Promise.all([pledge!.refund(1_000), settle(), pledge!.refund(1_000), settle(), pledge!.refund(1_000), settle()]);
  const { refunded, ledger } = await outcomeOf(id);
  assert.is(refunded, 3_000);
  await settle();
  const [sums] = await stand.sql<{ net: number; held: number; short: number; loose: number }>(
    'payment',
    `SELECT sum(net_minor)::integer AS net, (array_agg(held_after_minor ORDER BY id DESC))[1]::integer AS held,
       (array_agg(short_after_minor ORDER BY id DESC))[1]::integer AS short,
       (SELECT count(*)::integer FROM payment p JOIN ledger_transaction t ON t.payment_id = p.id
         WHERE p.project_id = $1 AND NOT EXISTS (SELECT FROM settlement_item i WHERE i.transaction_id = t.id)) AS loose
     FROM settlement WHERE project_id = $1`,
    projectId,
  );
  assert.is(sums!.loose, 0);
  assert.is(sums!.net + sums!.held - sums!.short, -ledger['SELLER_PAYABLE']!);
});

test.after(() => stand.close());
test.run();
