import { randomUUID } from 'node:crypto';
import { Attempt_State, Payment_State } from '@moa/contracts/payment/v1/payment';
import { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backerWith, batch, card, chargeOf, errorOf, openStand, settled } from './support.js';

const stand = await openStand('charge');
const { address } = await stand.start();
const clients = stand.clients(address);
const { payments, funding } = clients;

test('a batch is taken in at once, and each charge ends completed, in the ledger with its fees, and told', async () => {
  const backers = await Promise.all(Array.from({ length: 40 }, () => backerWith(stand, clients)));
  const [projectId, sellerId] = [randomUUID(), randomUUID()];
  const charges = backers.map((backer, nth) =>
    chargeOf(backer, { projectId, sellerId, amount: { currencyCode: 'KRW', amountMinor: 10_000n + BigInt(nth) } }),
  );
  const taken = await funding.chargePledges(batch(...charges));
  assert.equal(
    taken.payments.map(({ pledgeId, state }) => [pledgeId, state]),
    charges.map(({ pledgeId }) => [pledgeId, Payment_State.STATE_CHARGING]),
  );
  for (const [nth, backer] of backers.entries()) {
    const { id, state, attempts, amount } = await settled(clients, backer, charges[nth]!.pledgeId);
    assert.is(state, Payment_State.STATE_COMPLETED);
    assert.equal(
      attempts.map((attempt) => [attempt.number, attempt.state, attempt.settleTime instanceof Date]),
      [[1, Attempt_State.STATE_SUCCEEDED, true]],
    );
    const entries = await stand.ledgerOf(id);
    // 2.4 % to the provider, 5 % to the platform, half a won rounded up.
    const gross = Number(amount!.amountMinor);
    const [providerFee, platformFee] = [Math.round(gross * 0.024), Math.round(gross * 0.05)];
    assert.equal(
      entries.map((entry) => [entry.kind, entry.account, entry.owner_id, entry.currency, Number(entry.amount_minor)]),
      [
        ['CHARGE', 'PROVIDER_CLEARING', null, 'KRW', gross],
        ['CHARGE', 'PLATFORM_FEE', null, 'KRW', -platformFee],
        ['CHARGE', 'PROVIDER_FEE', null, 'KRW', -providerFee],
        ['CHARGE', 'SELLER_PAYABLE', sellerId, 'KRW', providerFee + platformFee - gross],
      ],
    );
    assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
  }
  await stand.checkBooks();
});

test('a declined charge fails with its reason, and may be tried again with another card', async () => {
  const backer = await backerWith(stand, clients, testCard('DECLINE'));
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  const failed = await settled(clients, backer, charge.pledgeId);
  assert.is(failed.state, Payment_State.STATE_FAILED);
  assert.is(failed.attempts[0]?.declineCode, 'insufficient_funds');
  assert.equal(await stand.ledgerOf(failed.id), []);

  const { billingMethod } = await payments.registerBillingMethod(card(), backer.token);
  await funding.chargePledges(batch({ ...charge, billingMethodId: billingMethod!.id, attempt: 2 }));
  const paid = await settled(clients, backer, charge.pledgeId, Payment_State.STATE_COMPLETED);
  assert.equal(
    paid.attempts.map(({ number, state }) => [number, state]),
    [
      [1, Attempt_State.STATE_DECLINED],
      [2, Attempt_State.STATE_SUCCEEDED],
    ],
  );
  assert.equal(await stand.eventsOf(paid.id), { PaymentFailed: 1, PaymentCompleted: 1 });
  assert.equal(await stand.bookedOf(charge.pledgeId), ['CHARGE 30000']);
});

test('a card that is declined twice is paid by the third attempt', async () => {
  const backer = await backerWith(stand, clients, testCard('DECLINE_FIRST', 2));
  const charge = chargeOf(backer);
  for (const [attempt, state] of [
    [1, Payment_State.STATE_FAILED],
    [2, Payment_State.STATE_FAILED],
    [3, Payment_State.STATE_COMPLETED],
  ] as const) {
    await funding.chargePledges(batch({ ...charge, attempt }));
    assert.is((await settled(clients, backer, charge.pledgeId)).state, state);
  }
});

test('the next attempt is taken only when the last was declined', async () => {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer);
  const second = { ...charge, attempt: 2 };
  assert.is(reasonOf(await errorOf(funding.chargePledges(batch(second)))), 'ATTEMPT_NOT_DUE', 'there is no first');
  await funding.chargePledges(batch(charge));
  assert.is(reasonOf(await errorOf(funding.chargePledges(batch(second)))), 'ATTEMPT_NOT_DUE', 'the first is open or paid');
  await settled(clients, backer, charge.pledgeId);
  assert.is(reasonOf(await errorOf(funding.chargePledges(batch(second)))), 'ATTEMPT_NOT_DUE', 'the first is paid');

  const poor = await backerWith(stand, clients, testCard('DECLINE'));
  const declined = chargeOf(poor);
  await funding.chargePledges(batch(declined));
  await settled(clients, poor, declined.pledgeId);
  assert.is(reasonOf(await errorOf(funding.chargePledges(batch({ ...declined, attempt: 3 })))), 'ATTEMPT_NOT_DUE', 'there is no second');
});

test('the database holds one open attempt for each payment at most', async () => {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer);
  const {
    payments: [payment],
  } = await funding.chargePledges(batch(charge));
  await settled(clients, backer, charge.pledgeId);
  const add = (number: number) =>
    stand.rows(
      `INSERT INTO attempt (payment_id, number, billing_method_id, state, create_time, due_time) VALUES ($1, $2, $3, 'UNKNOWN', now(), 'infinity')`,
      payment!.id,
      number,
      backer.method.id,
    );
  await add(2);
  assert.match(String(await errorOf(add(3))), 'attempt_one_open');
  await stand.rows('DELETE FROM attempt WHERE payment_id = $1 AND number > 1', payment!.id);
});

test('the same pledge and attempt is taken once, by whatever request, and answers what is stored', async () => {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer);
  const answers = await Promise.all(Array.from({ length: 20 }, () => funding.chargePledges(batch(charge))));
  assert.is(new Set(answers.map((answer) => answer.payments[0]?.id)).size, 1);
  const { id } = await settled(clients, backer, charge.pledgeId);
  const later = await funding.chargePledges(batch(charge));
  assert.is(later.payments[0]?.state, Payment_State.STATE_COMPLETED);
  assert.equal(await stand.bookedOf(charge.pledgeId), ['CHARGE 30000']);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
});

test('the same request raced 50 times is one charge with one answer', async () => {
  const backer = await backerWith(stand, clients);
  const request = batch(chargeOf(backer), chargeOf(backer));
  const answers = await Promise.all(Array.from({ length: 50 }, () => funding.chargePledges(request)));
  for (const answer of answers) assert.equal(answer, answers[0]);
  for (const { pledgeId } of request.charges) {
    await settled(clients, backer, pledgeId);
    assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000']);
  }
});

test('batches that share pledges in another order do not stop each other', async () => {
  const backer = await backerWith(stand, clients);
  const charges = Array.from({ length: 30 }, () => chargeOf(backer));
  const turned = charges.toReversed();
  await Promise.all(Array.from({ length: 10 }, (_, nth) => funding.chargePledges(batch(...(nth % 2 ? charges : turned)))));
  for (const { pledgeId } of charges) await settled(clients, backer, pledgeId);
  await stand.checkBooks();
});

test('a batch with one charge that cannot be is refused as a whole, and says which', async () => {
  const [backer, other] = [await backerWith(stand, clients), await backerWith(stand, clients)];
  const good = chargeOf(backer);
  for (const [bad, reason] of [
    [chargeOf({ ...backer, method: other.method }), 'BILLING_METHOD_NOT_FOUND'],
    [chargeOf(backer, { billingMethodId: randomUUID() }), 'BILLING_METHOD_NOT_FOUND'],
    [chargeOf(backer, { amount: { currencyCode: 'KRW', amountMinor: 0n } }), 'AMOUNT_ZERO'],
    [{ ...good, attempt: 2 }, 'PLEDGE_TWICE'],
    [chargeOf(backer, { amount: { currencyCode: 'won', amountMinor: 1n } }), 'REQUEST_INVALID'],
    [chargeOf(backer, { amount: undefined }), 'REQUEST_INVALID'],
  ] as const) {
    assert.is(reasonOf(await errorOf(funding.chargePledges(batch(good, bad)))), reason);
  }
  assert.is(reasonOf(await errorOf(payments.getPayment({ pledgeId: good.pledgeId }, backer.token))), 'PAYMENT_NOT_FOUND');
});

test('what a pledge was charged for does not change', async () => {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  for (const changed of [
    { amount: { currencyCode: 'KRW', amountMinor: 29_999n } },
    { amount: { currencyCode: 'USD', amountMinor: 30_000n } },
    { sellerId: randomUUID() },
  ]) {
    assert.is(reasonOf(await errorOf(funding.chargePledges(batch({ ...charge, ...changed })))), 'CHARGE_CHANGED');
  }
});

test("a payment is hidden from others, and one's own are listed newest first", async () => {
  const backer = await backerWith(stand, clients);
  const charges = Array.from({ length: 3 }, () => chargeOf(backer));
  for (const charge of charges) await funding.chargePledges(batch(charge));
  const stranger = await stand.bed.as(randomUUID());
  assert.is(reasonOf(await errorOf(payments.getPayment({ pledgeId: charges[0]!.pledgeId }, stranger))), 'PAYMENT_NOT_FOUND');
  assert.equal((await payments.listPayments({ pageSize: 0, pageToken: '' }, stranger)).payments, []);
  const first = await payments.listPayments({ pageSize: 2, pageToken: '' }, backer.token);
  const second = await payments.listPayments({ pageSize: 2, pageToken: first.nextPageToken }, backer.token);
  assert.equal(
    [...first.payments, ...second.payments].map(({ pledgeId }) => pledgeId),
    charges.map(({ pledgeId }) => pledgeId).reverse(),
  );
  assert.is(second.nextPageToken, '');
});

test('only funding may charge or cancel', async () => {
  const backer = await backerWith(stand, clients);
  for (const caller of ['gateway', 'user', 'envoy', 'stranger']) {
    const client = stand.bed.connect(FundingPaymentServiceDefinition, address, { as: caller });
    assert.is(reasonOf(await errorOf(client.chargePledges(batch(chargeOf(backer)), backer.token))), 'CALLER_NOT_ALLOWED', caller);
    const cancel = { requestId: randomUUID(), pledgeId: randomUUID(), reason: 'x' };
    assert.is(reasonOf(await errorOf(client.cancelCharge(cancel, backer.token))), 'CALLER_NOT_ALLOWED', caller);
  }
});

test('two copies of the service charge each pledge once', async () => {
  const copy = stand.clients((await stand.start()).address);
  const backer = await backerWith(stand, clients);
  const batches = Array.from({ length: 4 }, () => batch(...Array.from({ length: 25 }, () => chargeOf(backer))));
  await Promise.all(batches.map((request, nth) => (nth % 2 ? copy : clients).funding.chargePledges(request)));
  for (const { pledgeId } of batches.flatMap(({ charges }) => charges)) {
    assert.is((await settled(clients, backer, pledgeId)).state, Payment_State.STATE_COMPLETED);
  }
  const [{ attempts }] = (await stand.rows('SELECT count(*)::integer AS attempts FROM attempt WHERE tries > 1')) as [{ attempts: number }];
  assert.is(attempts, 0, 'nothing was sent twice');
  await stand.checkBooks();
});

test.after(stand.close);
test.run();
