// Refunds that meet: each other, a cancel, a chargeback. Together they never exceed what was paid.
import { randomUUID } from 'node:crypto';
import { Payment_State } from '@moa/contracts/payment/v1/payment';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clients, IMPATIENT, openStand, paidCharge, refundOf, settled } from './support.js';

const stand = await openStand('refund-races');
// Two copies of the service, as in production: no lock of one process would do.
const copies: readonly Clients[] = [
  stand.clients((await stand.start(IMPATIENT)).address),
  stand.clients((await stand.start(IMPATIENT)).address),
];
const [clients] = copies as [Clients];
const PATIENT_TRIES = 50;
const MAY_BE_REPEATED = ['PROVIDER_UNAVAILABLE', 'REQUEST_IN_PROGRESS'];

/** As callers do: what may be repeated is, when the provider was too slow for a busy machine. */
async function patient<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (tries === PATIENT_TRIES || !MAY_BE_REPEATED.includes(reasonOf(error) ?? '')) throw error;
    }
  }
}

function refundPart(nth: number, pledgeId: string, amountMinor: bigint) {
  const request = refundOf(pledgeId, amountMinor);
  return patient(() => copy(nth).funding.refundCharge(request));
}

function cancelAll(nth: number, pledgeId: string) {
  const request = { requestId: randomUUID(), pledgeId, reason: '취소' };
  return patient(() => copy(nth).funding.cancelCharge(request));
}

const copy = (nth: number): Clients => copies[nth % copies.length]!;

const reasonsOf = (answers: readonly PromiseSettledResult<unknown>[]) => [
  ...new Set(answers.flatMap((answer) => (answer.status === 'rejected' ? [reasonOf(answer.reason)] : []))),
];
const amounts = async (pledgeId: string): Promise<number> => {
  const booked = await stand.bookedOf(pledgeId);
  return booked.filter((line) => !line.startsWith('CHARGE ')).reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
};
const noneOpen = (id: string) =>
  until(async () => (await stand.rows(`SELECT FROM refund WHERE payment_id = $1 AND state = 'BEGUN'`, id)).length === 0);

test('of 20 refunds at once as many go through as fit, and the sum is exact', async () => {
  const { id, pledgeId } = await paidCharge(stand, clients);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, nth) => refundPart(nth, pledgeId, 1_700n)));
  assert.is(answers.filter(({ status }) => status === 'fulfilled').length, 17);
  assert.equal(reasonsOf(answers), ['REFUND_TOO_LARGE']);
  assert.is(await amounts(pledgeId), 17 * 1_700);
  const [row] = await stand.rows('SELECT refunded_minor::integer AS refunded FROM payment WHERE id = $1', id);
  assert.equal(row, { refunded: 28_900 });
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 17 });
  await stand.checkBooks();
});

test('of 20 that want everything, one gets it', async () => {
  const { id, pledgeId } = await paidCharge(stand, clients);
  const all = Array.from({ length: 20 }, (_, nth) => refundPart(nth, pledgeId, 30_000n));
  const answers = await Promise.allSettled(all);
  assert.is(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(reasonsOf(answers), ['REFUND_TOO_LARGE']);
  assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 30000']);
  assert.equal(await stand.accountsOf(id), {});
});

test('refunds and cancels at once give back everything, once', async () => {
  for (let round = 0; round < 5; round++) {
    const { id, pledgeId } = await paidCharge(stand, clients);
    const answers = await Promise.allSettled(
      Array.from({ length: 12 }, (_, nth) => (nth % 3 === 0 ? cancelAll(nth, pledgeId) : refundPart(nth, pledgeId, 2_500n))),
    );
    for (const reason of reasonsOf(answers)) assert.is(reason, 'REFUND_TOO_LARGE');
    assert.ok(answers.filter(({ status }, nth) => status === 'fulfilled' && nth % 3 === 0).length === 4, 'every cancel ends well');
    assert.is(await amounts(pledgeId), 30_000);
    assert.equal(await stand.accountsOf(id), {});
    const [row] = await stand.rows('SELECT state, refunded_minor::integer AS refunded FROM payment WHERE id = $1', id);
    assert.equal(row, { state: 'CANCELED', refunded: 30_000 });
  }
  await stand.checkBooks();
});

test('refunds and a chargeback at once: what goes back is what was paid, whoever comes first', async () => {
  for (let round = 0; round < 6; round++) {
    const { id, pledgeId, chargeId, backer } = await paidCharge(stand, clients);
    const refunds = Array.from({ length: 4 }, (_, nth) => refundPart(nth, pledgeId, 5_000n));
    const takenBack = stand
      .chargeBackAt(chargeId)
      .then(() => copy(round).webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.charged_back')));
    const answers = await Promise.allSettled([...refunds, takenBack]);
    assert.is(answers[4]!.status, 'fulfilled');
    for (const reason of reasonsOf(answers)) assert.ok(['PAYMENT_CHARGED_BACK', 'REFUND_REFUSED'].includes(reason ?? ''), reason);
    await noneOpen(id);
    const { payment } = await clients.payments.getPayment({ pledgeId }, backer.token);
    assert.is(payment?.state, Payment_State.STATE_CHARGED_BACK);
    assert.is(await amounts(pledgeId), 30_000);
    const accounts = await stand.accountsOf(id);
    // What is left is the provider's fee of what was charged back: the seller bears it.
    assert.is((accounts['PROVIDER_FEE'] ?? 0) + (accounts['SELLER_PAYABLE'] ?? 0), 0);
    assert.equal(
      [accounts['PLATFORM_FEE'], accounts['PROVIDER_CLEARING'], accounts['BUYER_REFUNDS_DUE']],
      [undefined, undefined, undefined],
    );
    await stand.checkBooks();
  }
});

test('refunds of any parts at once, some of them unheard of, leave nothing in any account once nothing is left', async () => {
  await stand.fault({ kind: 'TIMEOUT_AFTER_SUCCESS', operation: 'REFUND', rate: 0.1 });
  await stand.fault({ kind: 'ERROR_ONCE', operation: 'REFUND', rate: 0.2 });
  for (const amountMinor of [1n, 9n, 10n, 333n, 10_021n, 99_999n]) {
    const { id, pledgeId, backer } = await paidCharge(stand, clients, amountMinor);
    const parts = [amountMinor / 7n, amountMinor / 3n, amountMinor / 11n, amountMinor / 5n].filter((part) => part > 0n);
    await Promise.allSettled(parts.map((part, nth) => copy(nth).funding.refundCharge(refundOf(pledgeId, part))));
    // Whoever begins to give back the rest ends what the others began.
    await cancelAll(0, pledgeId);
    await settled(clients, backer, pledgeId, Payment_State.STATE_CANCELED);
    assert.equal(await stand.accountsOf(id), {}, String(amountMinor));
  }
  await stand.checkBooks();
});

test('the database has the last word: more than was paid cannot be written', async () => {
  const { id } = await paidCharge(stand, clients);
  const error = await stand.rows('UPDATE payment SET refunded_minor = amount_minor + 1 WHERE id = $1', id).then(() => undefined, String);
  assert.match(error ?? '', 'violates check constraint');
});

test.after(stand.close);
test.run();
