// Charges that the provider booked and that none of our payments stands for.
import { randomUUID } from 'node:crypto';
import { Payment_State } from '@moa/contracts/payment/v1/payment';
import { testCard } from '@moa/sandbox-provider';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { killedAt, running } from './payment-process.js';
import { backerWith, batch, type Clients, chargeOf, openStand, paidCharge, settled } from './support.js';

const stand = await openStand('orphans');

const orphansOf = (chargeId: string) => stand.rows<{ reason: string }>('SELECT reason FROM orphan WHERE provider_charge_id = $1', chargeId);
const gone = (chargeId: string) =>
  until(
    async () => (await stand.rows('SELECT FROM orphan WHERE provider_charge_id = $1 AND settle_time IS NOT NULL', chargeId)).length === 1,
  );
const tell = ({ webhooks }: Clients, chargeId: string, type: string) => webhooks.receiveWebhook(stand.webhook(chargeId, type));

/** In, and out again: once each, and nothing is left in any account. */
async function checkGivenBack(chargeId: string, reason: string, amountMinor = 12_000): Promise<void> {
  await gone(chargeId);
  assert.equal(await orphansOf(chargeId), [{ reason }]);
  assert.equal(await stand.entriesAt(chargeId), [`CHARGE ${amountMinor}`, `REFUND ${amountMinor}`]);
  const sums = await stand.rows(
    `SELECT account, sum(amount_minor) FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
     WHERE business_key IN ('orphan:' || $1, 'orphan-return:' || $1)
     GROUP BY account HAVING sum(amount_minor) <> 0`,
    chargeId,
  );
  assert.equal(sums, []);
  const kinds = await stand.rows(`SELECT kind FROM ledger_transaction WHERE business_key LIKE '%:' || $1 ORDER BY id`, chargeId);
  assert.equal(
    kinds.map(({ kind }) => kind),
    ['ORPHAN', 'ORPHAN_RETURN'],
  );
  await stand.checkBooks();
}

test('a charge in our name that no attempt stands for is given back, once, however often it is told', () =>
  running(stand, async (clients) => {
    const { id: chargeId } = await stand.chargeAtProvider(`${randomUUID()}:1`);
    await Promise.all(Array.from({ length: 10 }, () => tell(clients, chargeId, 'charge.succeeded')));
    await tell(clients, chargeId, 'charge.succeeded');
    await checkGivenBack(chargeId, 'NO_ATTEMPT');
    await tell(clients, chargeId, 'charge.refunded');
    await checkGivenBack(chargeId, 'NO_ATTEMPT');
  }));

test('while it waits to go back, it is owed to who paid, and what the provider keeps of it is ours to bear', () =>
  running(stand, async (clients) => {
    const { id: chargeId } = await stand.chargeAtProvider(`${randomUUID()}:1`);
    await stand.fault({ kind: 'ERROR_ONCE', operation: 'REFUND' });
    await tell(clients, chargeId, 'charge.succeeded');
    const entries = await stand.rows(
      `SELECT account, amount_minor::integer AS minor FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
       WHERE business_key = 'orphan:' || $1 ORDER BY account`,
      chargeId,
    );
    assert.equal(entries, [
      { account: 'BUYER_REFUNDS_DUE', minor: -12_000 },
      { account: 'PLATFORM_FEE', minor: 288 },
      { account: 'PROVIDER_CLEARING', minor: 12_000 },
      { account: 'PROVIDER_FEE', minor: -288 },
    ]);
    await checkGivenBack(chargeId, 'NO_ATTEMPT');
  }));

test('a second charge of a payment that was paid, or was given back, goes back', () =>
  running(stand, async (clients) => {
    const paid = await paidCharge(stand, clients);
    const { id: second } = await stand.chargeAtProvider(`${paid.id}:2`);
    await tell(clients, second, 'charge.succeeded');
    await checkGivenBack(second, 'NO_ATTEMPT');
    await clients.funding.cancelCharge({ requestId: randomUUID(), pledgeId: paid.pledgeId, reason: '취소' });
    const { id: third } = await stand.chargeAtProvider(`${paid.id}:3`);
    await tell(clients, third, 'charge.succeeded');
    await checkGivenBack(third, 'NO_ATTEMPT');
    const payment = await settled(clients, paid.backer, paid.pledgeId, Payment_State.STATE_CANCELED);
    assert.is(payment.attempts.length, 1);
  }));

test('a charge of an attempt that has ended without it goes back', () =>
  running(stand, async (clients) => {
    const backer = await backerWith(stand, clients);
    await stand.rows(`UPDATE billing_method SET billing_key = 'bk_gone' WHERE id = $1`, backer.method.id);
    const charge = chargeOf(backer);
    await clients.funding.chargePledges(batch(charge));
    const { id } = await settled(clients, backer, charge.pledgeId, Payment_State.STATE_FAILED);
    const { id: chargeId } = await stand.chargeAtProvider(`${id}:1`, 30_000);
    await tell(clients, chargeId, 'charge.succeeded');
    await checkGivenBack(chargeId, 'NOT_EXPECTED', 30_000);
    await settled(clients, backer, charge.pledgeId, Payment_State.STATE_FAILED);
  }));

test('a charge of another amount than was asked for goes back, and the next attempt may charge the right one', () =>
  running(stand, async (clients) => {
    const backer = await backerWith(stand, clients, testCard('TIMEOUT_BEFORE'));
    const charge = chargeOf(backer);
    const {
      payments: [payment],
    } = await clients.funding.chargePledges(batch(charge));
    // The first try hangs: somebody is faster.
    const { id: chargeId } = await stand.chargeAtProvider(`${payment!.id}:1`, 29_999);
    await checkGivenBack(chargeId, 'AMOUNT_DIFFERS', 29_999);
    const failed = await settled(clients, backer, charge.pledgeId, Payment_State.STATE_FAILED);
    assert.is(failed.attempts[0]?.declineCode, 'amount_differs');
    await clients.funding.chargePledges(batch({ ...charge, attempt: 2 }));
    await settled(clients, backer, charge.pledgeId, Payment_State.STATE_COMPLETED);
  }));

test('what somebody else gave back or took back of it, in part or in full, is not given back twice', () =>
  running(stand, async (clients) => {
    const { id: partly } = await stand.chargeAtProvider(`${randomUUID()}:1`);
    await stand.cancelAt(partly, 5_000);
    await tell(clients, partly, 'charge.succeeded');
    await gone(partly);
    assert.equal(await stand.entriesAt(partly), ['CHARGE 12000', 'REFUND 5000', 'REFUND 7000']);
    const { id: taken } = await stand.chargeAtProvider(`${randomUUID()}:1`);
    await stand.chargeBackAt(taken);
    await tell(clients, taken, 'charge.charged_back');
    await gone(taken);
    assert.equal(await stand.entriesAt(taken), ['CHARGE 12000', 'CHARGEBACK 12000']);
    await stand.checkBooks();
  }));

test('a charge under a key that is none of ours is left alone', () =>
  running(stand, async (clients) => {
    const { id: chargeId } = await stand.chargeAtProvider(`another-shop-${randomUUID()}`);
    await tell(clients, chargeId, 'charge.succeeded');
    assert.equal(await orphansOf(chargeId), []);
    assert.equal(await stand.entriesAt(chargeId), ['CHARGE 12000']);
    // So that the books agree for the tests after this one.
    await stand.cancelAt(chargeId);
  }));

for (const point of ['payment.orphan.taken', 'payment.orphan.sending', 'payment.orphan.answered', 'payment.orphan.settled']) {
  test(`killed at ${point}, an orphan goes back once`, async () => {
    const { id: chargeId } = await stand.chargeAtProvider(`${randomUUID()}:1`);
    await killedAt(stand, point, (clients) => tell(clients, chargeId, 'charge.succeeded'));
    await running(stand, () => checkGivenBack(chargeId, 'NO_ATTEMPT'));
  });
}

test.after(stand.close);
test.run();
