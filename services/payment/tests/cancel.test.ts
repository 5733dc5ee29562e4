import { randomUUID } from 'node:crypto';
import { Attempt_State, Payment_State } from '@moa/contracts/payment/v1/payment';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backerWith, batch, CHARGED_AND_REFUNDED, chargeOf, errorOf, IMPATIENT, openStand, settled } from './support.js';

const stand = await openStand('cancel');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { funding } = clients;
const { STATE_CANCELED, STATE_COMPLETED } = Payment_State;

const cancelOf = (pledgeId: string) => ({ requestId: randomUUID(), pledgeId, reason: '환불 요청' });

async function paid(cardNumber?: string) {
  const backer = await backerWith(stand, clients, cardNumber);
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  const { id } = await settled(clients, backer, charge.pledgeId);
  return { backer, charge, pledgeId: charge.pledgeId, id };
}

async function checkCanceledOnce(id: string, pledgeId: string): Promise<void> {
  assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 30000']);
  assert.is((await stand.ledgerOf(id)).length, CHARGED_AND_REFUNDED);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1, PaymentCanceled: 1 });
}

test('a cancel gives everything back, and the ledger with it', async () => {
  const { id, pledgeId } = await paid();
  const { payment } = await funding.cancelCharge(cancelOf(pledgeId));
  assert.is(payment?.state, STATE_CANCELED);
  assert.is(payment?.attempts[0]?.state, Attempt_State.STATE_CANCELED);
  const left = new Map<string, number>();
  for (const { account, amount_minor } of await stand.ledgerOf(id)) left.set(account, (left.get(account) ?? 0) + Number(amount_minor));
  assert.equal([...left.values()], [0, 0, 0, 0, 0], 'nothing is left on any account');
  await checkCanceledOnce(id, pledgeId);
  await stand.checkBooks();
});

test('20 cancels at once are one', async () => {
  const { id, pledgeId } = await paid();
  const answers = await Promise.all(Array.from({ length: 20 }, () => funding.cancelCharge(cancelOf(pledgeId))));
  for (const { payment } of answers) assert.is(payment?.state, STATE_CANCELED);
  await checkCanceledOnce(id, pledgeId);
});

test('the same request raced 20 times is one cancel', async () => {
  const { id, pledgeId } = await paid();
  const request = cancelOf(pledgeId);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => funding.cancelCharge(request)));
  for (const answer of answers) {
    if (answer.status === 'rejected') assert.is(reasonOf(answer.reason), 'REQUEST_IN_PROGRESS');
    else assert.is(answer.value.payment?.state, STATE_CANCELED);
  }
  await checkCanceledOnce(id, pledgeId);
  assert.is((await funding.cancelCharge(request)).payment?.state, STATE_CANCELED);
  assert.is(reasonOf(await errorOf(funding.cancelCharge({ ...request, reason: 'another' }))), 'REQUEST_ID_REUSED');
});

test('what was not paid is not given back', async () => {
  assert.is(reasonOf(await errorOf(funding.cancelCharge(cancelOf(randomUUID())))), 'PAYMENT_NOT_FOUND');
  const declined = await paid(testCard('DECLINE'));
  assert.is(reasonOf(await errorOf(funding.cancelCharge(cancelOf(declined.pledgeId)))), 'PAYMENT_NOT_PAID');
  const backer = await backerWith(stand, clients, testCard('SLOW', 5));
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  assert.is(reasonOf(await errorOf(funding.cancelCharge(cancelOf(charge.pledgeId)))), 'CHARGE_STILL_OPEN');
  await settled(clients, backer, charge.pledgeId, STATE_COMPLETED);
});

test('what was given back is not charged again', async () => {
  const { charge, pledgeId } = await paid();
  await funding.cancelCharge(cancelOf(pledgeId));
  assert.is(reasonOf(await errorOf(funding.chargePledges(batch({ ...charge, attempt: 2 })))), 'ATTEMPT_NOT_DUE');
  assert.is((await funding.chargePledges(batch(charge))).payments[0]?.state, STATE_CANCELED);
});

for (const kind of ['TIMEOUT_AFTER_SUCCESS', 'TIMEOUT_BEFORE', 'ERROR_ONCE']) {
  test(`a cancel whose outcome is unknown (${kind}) is refused for now, and ends by itself`, async () => {
    const { id, backer, pledgeId } = await paid();
    await stand.fault({ kind, operation: 'REFUND' });
    const request = cancelOf(pledgeId);
    assert.is(reasonOf(await errorOf(funding.cancelCharge(request))), 'PROVIDER_UNAVAILABLE');
    await settled(clients, backer, pledgeId, STATE_CANCELED);
    assert.is((await funding.cancelCharge(request)).payment?.state, STATE_CANCELED);
    await checkCanceledOnce(id, pledgeId);
  });
}

test('a cancel whose outcome is unknown goes through when the same request is repeated', async () => {
  const { id, pledgeId } = await paid();
  await stand.fault({ kind: 'TIMEOUT_AFTER_SUCCESS', operation: 'REFUND' });
  const request = cancelOf(pledgeId);
  assert.is(reasonOf(await errorOf(funding.cancelCharge(request))), 'PROVIDER_UNAVAILABLE');
  assert.is((await funding.cancelCharge(request)).payment?.state, STATE_CANCELED);
  await checkCanceledOnce(id, pledgeId);
});

test('a cancel that begins while the provider is away ends when it is back', async () => {
  const { id, backer, pledgeId } = await paid();
  await stand.stopProvider();
  assert.is(reasonOf(await errorOf(funding.cancelCharge(cancelOf(pledgeId)))), 'PROVIDER_UNAVAILABLE');
  await stand.startProviderAgain();
  await settled(clients, backer, pledgeId, STATE_CANCELED);
  await checkCanceledOnce(id, pledgeId);
});

test("what the provider's own staff gave back is written down as given back", async () => {
  const { id, pledgeId } = await paid();
  await stand.cancelAt((await stand.chargeAt(id)).id);
  assert.is((await funding.cancelCharge(cancelOf(pledgeId))).payment?.state, STATE_CANCELED);
  assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 30000']);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1, PaymentCanceled: 1 });
  await stand.checkBooks();
});

test.after(stand.close);
test.run();
