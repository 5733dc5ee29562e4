import { randomUUID } from 'node:crypto';
import { LedgerAccount, Payment_State, Refund_State } from '@moa/contracts/payment/v1/payment';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backerWith, batch, CHARGED_AND_REFUNDED, chargeOf, errorOf, IMPATIENT, openStand, settled } from './support.js';

const stand = await openStand('refunds');
const clients = stand.clients((await stand.start(IMPATIENT)).address);
const { funding, ledger } = clients;
const { STATE_CANCELED, STATE_PARTIALLY_REFUNDED, STATE_CHARGED_BACK } = Payment_State;

const won = (amountMinor: number) => ({ currencyCode: 'KRW', amountMinor: BigInt(amountMinor) });
const refundOf = (pledgeId: string, amountMinor: number) => ({
  requestId: randomUUID(),
  pledgeId,
  amount: won(amountMinor),
  reason: '부분 환불',
});

/** A paid pledge of 30,000 won. */
async function paid() {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  const { id } = await settled(clients, backer, charge.pledgeId);
  return { backer, pledgeId: charge.pledgeId, sellerId: charge.sellerId, id };
}

async function sumsOf(id: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { account, amount_minor } of await stand.ledgerOf(id)) sums[account] = (sums[account] ?? 0) + Number(amount_minor);
  return sums;
}

/** The payer's bank takes the money back, and the provider tells of it: here the test asks payment to look. */
async function chargedBack(id: string): Promise<void> {
  const { id: chargeId } = await stand.chargeAt(id);
  await stand.ask(`/v1/charges/${chargeId}/chargeback`, {});
  await clients.webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.charged_back'));
}

test('a part is given back, with its share of the fees, and told of; the rest stays', async () => {
  const { backer, pledgeId, id } = await paid();
  const { payment } = await funding.refundCharge(refundOf(pledgeId, 10_000));
  assert.is(payment!.state, STATE_PARTIALLY_REFUNDED);
  assert.is(payment!.refunded!.amountMinor, 10_000n);
  assert.equal(
    payment!.refunds.map(({ amount, state, reason }) => [amount!.amountMinor, state, reason]),
    [[10_000n, Refund_State.STATE_SETTLED, '부분 환불']],
  );
  assert.equal(await sumsOf(id), {
    PROVIDER_CLEARING: 20_000,
    PLATFORM_FEE: -1_000,
    PROVIDER_FEE: -480,
    SELLER_PAYABLE: -18_520,
    BUYER_REFUNDS_DUE: 0,
  });
  assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 10000']);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1 });
  // Its payer sees the same.
  const { payment: seen } = await clients.payments.getPayment({ pledgeId }, backer.token);
  assert.equal(seen!.refunds, payment!.refunds);
  await stand.checkBooks();
});

test('refunds in odd parts together give back everything, to the last won of every fee', async () => {
  const { pledgeId, id } = await paid();
  for (const part of [1, 333, 7_777, 12_345]) await funding.refundCharge(refundOf(pledgeId, part));
  const { payment } = await funding.refundCharge(refundOf(pledgeId, 30_000 - 1 - 333 - 7_777 - 12_345));
  assert.is(payment!.state, STATE_CANCELED);
  assert.equal(await sumsOf(id), { PROVIDER_CLEARING: 0, PLATFORM_FEE: 0, PROVIDER_FEE: 0, SELLER_PAYABLE: 0, BUYER_REFUNDS_DUE: 0 });
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 5, PaymentCanceled: 1 });
  await stand.checkBooks();
});

test('20 refunds at once never give back more than was paid', async () => {
  const { pledgeId, id } = await paid();
  const answers = await Promise.all(Array.from({ length: 20 }, () => errorOf(funding.refundCharge(refundOf(pledgeId, 4_000)))));
  const refused = answers.filter((error) => error !== undefined).map(reasonOf);
  assert.equal(
    refused,
    Array.from({ length: 13 }, () => 'REFUND_TOO_LARGE'),
  );
  const [row] = await stand.rows<{ refunded: string }>('SELECT refunded_minor AS refunded FROM payment WHERE id = $1', id);
  assert.is(row!.refunded, '28000');
  assert.is((await stand.bookedOf(pledgeId)).length, 1 + 7);
  await stand.checkBooks();
});

test('the same request raced 20 times is one refund', async () => {
  const { pledgeId, id } = await paid();
  const request = refundOf(pledgeId, 4_000);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => funding.refundCharge(request)));
  for (const answer of answers) if (answer.status === 'rejected') assert.is(reasonOf(answer.reason), 'REQUEST_IN_PROGRESS');
  assert.is((await funding.refundCharge(request)).payment!.refunded!.amountMinor, 4_000n);
  assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 4000']);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1 });
});

test('a part raced with a cancel leaves nothing, and gives nothing back twice', async () => {
  const { backer, pledgeId, id } = await paid();
  await Promise.all([
    errorOf(funding.refundCharge(refundOf(pledgeId, 12_000))),
    funding.cancelCharge({ requestId: randomUUID(), pledgeId, reason: '전체 환불' }),
  ]);
  await settled(clients, backer, pledgeId, STATE_CANCELED);
  assert.is(
    Object.values(await sumsOf(id)).reduce((sum, amount) => sum + Math.abs(amount), 0),
    0,
  );
  await stand.checkBooks();
});

test('nothing, more than is left, and another currency are refused', async () => {
  const { pledgeId } = await paid();
  assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 0)))), 'REFUND_EMPTY');
  assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 30_001)))), 'REFUND_TOO_LARGE');
  const inDollars = { ...refundOf(pledgeId, 1), amount: { currencyCode: 'USD', amountMinor: 1n } };
  assert.is(reasonOf(await errorOf(funding.refundCharge(inDollars))), 'CURRENCY_WRONG');
  assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(randomUUID(), 1)))), 'PAYMENT_NOT_FOUND');
  assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000']);
});

test('a part that the provider gave back of its own accord is written down, too, and only once', async () => {
  const { pledgeId, id } = await paid();
  const { id: chargeId } = await stand.chargeAt(id);
  await stand.cancelAt(chargeId, 5_000);
  for (let times = 0; times < 2; times++) await clients.webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.refunded'));
  assert.is((await funding.refundCharge(refundOf(pledgeId, 25_000))).payment!.state, STATE_CANCELED);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 2, PaymentCanceled: 1 });
  assert.is((await stand.ledgerOf(id)).length, CHARGED_AND_REFUNDED + 3 + 4);
  await stand.checkBooks();
});

test('a chargeback takes what is left, once; the platform gives up its fee, the provider does not', async () => {
  const { backer, pledgeId, id } = await paid();
  await funding.refundCharge(refundOf(pledgeId, 10_000));
  await chargedBack(id);
  const { id: chargeId } = await stand.chargeAt(id);
  await clients.webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.charged_back'));
  await settled(clients, backer, pledgeId, STATE_CHARGED_BACK);
  assert.equal(await sumsOf(id), { PROVIDER_CLEARING: 0, PLATFORM_FEE: 0, PROVIDER_FEE: -480, SELLER_PAYABLE: 480, BUYER_REFUNDS_DUE: 0 });
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1, PaymentChargedBack: 1 });
  assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 1)))), 'PAYMENT_CHARGED_BACK');
  assert.is(reasonOf(await errorOf(funding.cancelCharge({ requestId: randomUUID(), pledgeId, reason: 'late' }))), 'PAYMENT_CHARGED_BACK');
  await stand.checkBooks();
});

test('a refund that begins before we hear of a chargeback is refused by the provider, and the money is where it was', async () => {
  const { backer, pledgeId, id } = await paid();
  const { id: chargeId } = await stand.chargeAt(id);
  await stand.ask(`/v1/charges/${chargeId}/chargeback`, {});
  assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 10_000)))), 'REFUND_REFUSED');
  const { refunds } = await settled(clients, backer, pledgeId, STATE_CHARGED_BACK);
  assert.is(refunds[0]!.state, Refund_State.STATE_REFUSED);
  assert.equal(await sumsOf(id), { PROVIDER_CLEARING: 0, PLATFORM_FEE: 0, PROVIDER_FEE: -720, SELLER_PAYABLE: 720, BUYER_REFUNDS_DUE: 0 });
  await stand.checkBooks();
});

test('refund and chargeback raced end in one of both orders, and the books agree', async () => {
  for (let round = 0; round < 5; round++) {
    const { backer, pledgeId, id } = await paid();
    await Promise.all([errorOf(funding.refundCharge(refundOf(pledgeId, 10_000))), chargedBack(id)]);
    await settled(clients, backer, pledgeId, STATE_CHARGED_BACK);
    await until(async () => (await stand.rows("SELECT FROM refund WHERE state = 'BEGUN'")).length === 0);
    const { PROVIDER_CLEARING, BUYER_REFUNDS_DUE = 0 } = await sumsOf(id);
    assert.equal([PROVIDER_CLEARING, BUYER_REFUNDS_DUE], [0, 0]);
  }
  await stand.checkBooks();
});

test('staff read every entry of an account, newest first, of one owner and of one payment', async () => {
  const { pledgeId, sellerId, id } = await paid();
  await funding.refundCharge(refundOf(pledgeId, 10_000));
  const admin = await stand.bed.as(randomUUID(), 'ADMIN');
  const request = {
    account: LedgerAccount.LEDGER_ACCOUNT_SELLER_PAYABLE,
    ownerId: sellerId,
    currencyCode: 'KRW',
    paymentId: '',
    pageSize: 2,
  };
  const keys: string[] = [];
  for (let pageToken = ''; ; ) {
    const page = await ledger.listEntries({ ...request, pageToken }, admin);
    keys.push(...page.entries.map(({ businessKey, amount }) => `${businessKey.split(':')[0]} ${amount!.amountMinor}`));
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  assert.equal(keys, ['refund -240', 'refund-due 9500', 'charge -27780']);
  const ofPayment = await ledger.listEntries({ ...request, ownerId: '', paymentId: id, pageSize: 0, pageToken: '' }, admin);
  assert.equal(
    ofPayment.entries.map(({ paymentId }) => paymentId),
    [id, id, id],
  );
  const { balanceMinor } = await ledger.getBalance({ account: request.account, ownerId: sellerId, currencyCode: 'KRW' }, admin);
  assert.is(balanceMinor, -18_520n);
  assert.is(
    reasonOf(await errorOf(ledger.listEntries({ ...request, pageToken: '' }, await stand.bed.as(sellerId, 'SELLER')))),
    'CALLER_NOT_ALLOWED',
  );
  assert.is(reasonOf(await errorOf(ledger.listEntries({ ...request, paymentId: 'x', pageToken: '' }, admin))), 'REQUEST_INVALID');
});

test.after(stand.close);
test.run();
