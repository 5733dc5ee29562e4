import { Payment_State } from '@moa/contracts/payment/v1/payment';
import { testCard } from '@moa/sandbox-provider';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backerWith, batch, chargeOf, IMPATIENT, openStand, settled } from './support.js';

const stand = await openStand('provider-faults');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { funding } = clients;
const { STATE_COMPLETED, STATE_FAILED, STATE_CHARGING } = Payment_State;

const triesOf = async (paymentId: string) =>
  (await stand.rows<{ tries: number }>('SELECT tries FROM attempt WHERE payment_id = $1', paymentId))[0]!.tries;

for (const [kind, what] of [
  ['TIMEOUT_AFTER_SUCCESS', 'books the charge and never answers'],
  ['TIMEOUT_BEFORE', 'neither books nor answers'],
  ['ERROR_ONCE', 'fails once'],
  ['SLOW', 'answers when nobody waits any more'],
] as const) {
  test(`a provider that ${what} charges once, and it is settled once`, async () => {
    const backer = await backerWith(stand, clients, testCard(kind));
    const charge = chargeOf(backer);
    await funding.chargePledges(batch(charge));
    const { id, state } = await settled(clients, backer, charge.pledgeId);
    assert.is(state, STATE_COMPLETED);
    assert.ok((await triesOf(id)) > 1, 'it was asked for');
    assert.equal(await stand.bookedOf(charge.pledgeId), ['CHARGE 30000']);
    assert.is((await stand.ledgerOf(id)).length, 4);
    assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
  });
}

test('while an outcome is unknown the payment says so, and nothing else', async () => {
  const backer = await backerWith(stand, clients, testCard('TIMEOUT_AFTER_SUCCESS'));
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  await until(async () => (await stand.bookedOf(charge.pledgeId)).length === 1);
  const { payment } = await clients.payments.getPayment({ pledgeId: charge.pledgeId }, backer.token);
  assert.is(payment?.state, STATE_CHARGING);
  assert.equal(await stand.ledgerOf(payment!.id), []);
  assert.is((await settled(clients, backer, charge.pledgeId)).state, STATE_COMPLETED);
});

test('charges that come while the provider is away go through when it is back', async () => {
  const backer = await backerWith(stand, clients);
  const charges = Array.from({ length: 10 }, () => chargeOf(backer));
  await stand.stopProvider();
  const { payments } = await funding.chargePledges(batch(...charges));
  for (const { id } of payments) await until(async () => (await triesOf(id)) > 0);
  await stand.startProviderAgain();
  for (const { pledgeId } of charges) {
    assert.is((await settled(clients, backer, pledgeId)).state, STATE_COMPLETED);
    assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000']);
  }
  await stand.checkBooks();
});

test('a billing method that the provider does not know any more is a decline', async () => {
  const backer = await backerWith(stand, clients);
  await stand.rows(`UPDATE billing_method SET billing_key = 'bk_gone' WHERE id = $1`, backer.method.id);
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  const failed = await settled(clients, backer, charge.pledgeId);
  assert.is(failed.state, STATE_FAILED);
  assert.is(failed.attempts[0]?.declineCode, 'billing_key_not_found');
  assert.equal(await stand.eventsOf(failed.id), { PaymentFailed: 1 });
});

test('through faults of every kind, each pledge is charged once and the books agree', async () => {
  const backer = await backerWith(stand, clients);
  for (const kind of ['TIMEOUT_AFTER_SUCCESS', 'TIMEOUT_BEFORE', 'ERROR_ONCE', 'DECLINE']) await stand.fault({ kind, rate: 0.1 });
  const charges = Array.from({ length: 100 }, () => chargeOf(backer));
  await funding.chargePledges(batch(...charges));
  const outcomes = new Map<Payment_State, number>();
  for (const { pledgeId } of charges) {
    const { state } = await settled(clients, backer, pledgeId);
    outcomes.set(state, (outcomes.get(state) ?? 0) + 1);
    assert.equal(await stand.bookedOf(pledgeId), state === STATE_COMPLETED ? ['CHARGE 30000'] : []);
  }
  assert.is((outcomes.get(STATE_COMPLETED) ?? 0) + (outcomes.get(STATE_FAILED) ?? 0), charges.length);
  assert.ok((outcomes.get(STATE_FAILED) ?? 0) > 0, 'some were declined');
  await stand.checkBooks();
});

test.after(stand.close);
test.run();
