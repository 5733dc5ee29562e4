import { randomUUID } from 'node:crypto';
import { Payment_State, Refund_State } from '@moa/contracts/payment/v1/payment';
import { ConfigError, readConfig } from '@moa/kit';
import { testCard } from '@moa/sandbox-provider';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { variables } from '../src/config.js';
import { startPayment } from '../src/service.js';
import { startPaymentProcess } from './payment-process.js';
import { backerWith, batch, card, chargeOf, errorOf, settled } from './support.js';
import { SECRET_KEY } from './toss/rigs.js';
import { openTossStand } from './toss/stand.js';

const stand = await openTossStand('toss');
const { toss } = stand;
const clients = stand.clients((await stand.start(stand.variables)).address);
const { funding, webhooks } = clients;
stand.openDoor(webhooks);
const { STATE_COMPLETED, STATE_FAILED, STATE_CANCELED, STATE_PARTIALLY_REFUNDED } = Payment_State;

const refundOf = (pledgeId: string, amountMinor: bigint) => ({
  requestId: randomUUID(),
  pledgeId,
  amount: { currencyCode: 'KRW', amountMinor },
  reason: '단순 변심',
});

async function charged(cardNumber?: string) {
  const backer = await backerWith(stand, clients, cardNumber);
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  const { id, state } = await settled(clients, backer, charge.pledgeId);
  return { backer, pledgeId: charge.pledgeId, id, state };
}

async function sumsOf(id: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { account, amount_minor } of await stand.ledgerOf(id)) sums[account] = (sums[account] ?? 0) + Number(amount_minor);
  return sums;
}

const triesOf = async (paymentId: string) =>
  (await stand.rows<{ tries: number }>('SELECT tries FROM attempt WHERE payment_id = $1', paymentId))[0]!.tries;

const webhookOf = (data: object, id: string = randomUUID()) => ({
  body: Buffer.from(JSON.stringify({ eventType: 'PAYMENT_STATUS_CHANGED', createdAt: '2026-11-26T10:00:00.000000', data })),
  headers: { 'tosspayments-webhook-transmission-id': id },
});

test('card, charge, a refund in part, one by its own staff told by webhook: the ledger is right, and nothing secret was said', async () => {
  const payment = await startPaymentProcess(stand, '', stand.variables);
  const own = stand.clients(payment.address!);
  stand.openDoor(own.webhooks);
  const cardNumber = '5555555555554444';
  const backer = await backerWith(stand, own, cardNumber);
  assert.equal([backer.method.brand, backer.method.last4], ['HYUNDAI', '4444']);
  const charge = chargeOf(backer);
  await own.funding.chargePledges(batch(charge));
  const { id, state } = await settled(own, backer, charge.pledgeId);
  assert.is(state, STATE_COMPLETED);
  assert.equal(await sumsOf(id), { PROVIDER_CLEARING: 30_000, PLATFORM_FEE: -1_500, PROVIDER_FEE: -720, SELLER_PAYABLE: -27_780 });

  const { payment: refunded } = await own.funding.refundCharge(refundOf(charge.pledgeId, 10_000n));
  assert.is(refunded!.state, STATE_PARTIALLY_REFUNDED);
  toss.books.cancel(stand.paidAt(id)!.paymentKey, { cancelReason: '상점 관리자 취소', cancelAmount: 5_000 });
  await until(async () => {
    const { payment: seen } = await own.payments.getPayment({ pledgeId: charge.pledgeId }, backer.token);
    return seen!.refunded!.amountMinor === 15_000n;
  });
  assert.equal(await sumsOf(id), {
    PROVIDER_CLEARING: 15_000,
    PLATFORM_FEE: -750,
    PROVIDER_FEE: -360,
    SELLER_PAYABLE: -13_890,
    BUYER_REFUNDS_DUE: 0,
  });
  const { balanceAmount, cancels } = stand.paidAt(id)!;
  assert.equal([balanceAmount, cancels?.map(({ cancelAmount }) => cancelAmount)], [15_000, [10_000, 5_000]]);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 2 });

  payment.stop();
  await payment.ended;
  stand.openDoor(webhooks);
  const { billingKey } = (
    await stand.rows<{ billingKey: string }>('SELECT billing_key AS "billingKey" FROM billing_method WHERE id = $1', backer.method.id)
  )[0]!;
  const basic = Buffer.from(`${SECRET_KEY}:`).toString('base64');
  for (const secret of [SECRET_KEY, basic, cardNumber, billingKey]) assert.not.ok(payment.said().includes(secret));
});

for (const [kind, what] of [
  ['TIMEOUT_AFTER_SUCCESS', 'books the charge and never answers'],
  ['TIMEOUT_BEFORE', 'neither books nor answers'],
  ['ERROR_ONCE', 'keeps an error under the key'],
  ['SLOW', 'answers when nobody waits any more'],
] as const) {
  test(`when Toss ${what}, a pledge is charged once, and settled once`, async () => {
    const { id, state } = await charged(testCard(kind));
    assert.is(state, STATE_COMPLETED);
    assert.ok((await triesOf(id)) > 1, 'it was asked for');
    assert.is(toss.books.payments().filter(({ orderId }) => orderId.startsWith(id)).length, 1);
    assert.is((await stand.ledgerOf(id)).length, 4);
    assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
  });
}

test('a card that was left at the page of Toss is registered without its number', async () => {
  const accountId = randomUUID();
  const token = await stand.bed.as(accountId);
  const authKey = toss.books.authorize(accountId, '5555555555554444');
  const request = { ...card(''), expiryMonth: 0, expiryYear: 0, authKey };
  const { billingMethod } = await clients.payments.registerBillingMethod(request, token);
  assert.is(billingMethod!.last4, '444*');
  assert.equal((await clients.payments.registerBillingMethod(request, token)).billingMethod, billingMethod);
  const charge = chargeOf({ backerId: accountId, token, method: billingMethod! });
  await funding.chargePledges(batch(charge));
  const { payment } = await until(async () => {
    const seen = await clients.payments.getPayment({ pledgeId: charge.pledgeId }, token);
    return seen.payment!.state === STATE_COMPLETED ? seen : undefined;
  });
  assert.ok(stand.paidAt(payment!.id));
  // Another person's, or one that was used before, is refused.
  const error = await errorOf(
    clients.payments.registerBillingMethod({ ...request, requestId: randomUUID(), authKey: `${authKey}x` }, token),
  );
  assert.is(reasonOf(error), 'CARD_REFUSED');
});

test('a decline is kept with its code, and the next attempt is another order', async () => {
  const { backer, pledgeId, id, state } = await charged(testCard('DECLINE_FIRST', 1));
  assert.is(state, STATE_FAILED);
  const again = chargeOf(backer, { pledgeId, attempt: 2 });
  const [first] = await stand.rows<{ project: string; seller: string }>(
    'SELECT project_id AS project, seller_id AS seller FROM payment WHERE id = $1',
    id,
  );
  await funding.chargePledges(batch({ ...again, projectId: first!.project, sellerId: first!.seller }));
  const { attempts } = await settled(clients, backer, pledgeId, STATE_COMPLETED);
  assert.equal(
    attempts.map(({ declineCode }) => declineCode),
    ['REJECT_CARD_PAYMENT', ''],
  );
  const [declined] = await stand.rows<{ charge: string }>(
    'SELECT provider_charge_id AS charge FROM attempt WHERE payment_id = $1 AND number = 1',
    id,
  );
  assert.is(toss.books.paymentOf(declined!.charge).status, 'ABORTED');
  assert.ok(stand.paidAt(id, 2));
});

test('a refund that ends in an error, done or not, is given once', async () => {
  for (const kind of ['ERROR', 'ERROR_AFTER', 'SILENT_AFTER', 'SILENT_BEFORE'] as const) {
    const { backer, pledgeId, id } = await charged();
    toss.fault({ operation: 'CANCEL', kind });
    assert.is(reasonOf(await errorOf(funding.refundCharge(refundOf(pledgeId, 10_000n)))), 'PROVIDER_UNAVAILABLE', kind);
    const { refunds } = await settled(clients, backer, pledgeId, STATE_PARTIALLY_REFUNDED);
    assert.is(refunds[0]!.state, Refund_State.STATE_SETTLED, kind);
    assert.equal(
      stand.paidAt(id)!.cancels!.map(({ cancelAmount }) => cancelAmount),
      [10_000],
      kind,
    );
  }
});

test('20 refunds at once never give back more than was paid', async () => {
  const { pledgeId, id } = await charged();
  const answers = await Promise.all(Array.from({ length: 20 }, () => errorOf(funding.refundCharge(refundOf(pledgeId, 4_000n)))));
  await until(async () => (await stand.rows("SELECT FROM refund WHERE payment_id = $1 AND state = 'BEGUN'", id)).length === 0);
  assert.is(answers.filter((error) => error && reasonOf(error) === 'REFUND_TOO_LARGE').length, 13);
  assert.is(stand.paidAt(id)!.balanceAmount, 2_000);
  assert.is((await sumsOf(id))['PROVIDER_CLEARING'], 2_000);
});

test('other currencies are refused, and Toss is not asked', async () => {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer, { amount: { currencyCode: 'USD', amountMinor: 1_000n } });
  const before = toss.seen.length;
  await funding.chargePledges(batch(charge));
  const { state, attempts } = await settled(clients, backer, charge.pledgeId);
  assert.is(state, STATE_FAILED);
  assert.is(attempts[0]!.declineCode, 'CURRENCY_UNSUPPORTED');
  assert.is(toss.seen.length, before);
});

test('our own wrong key fails no pledge: they go through when it is mended', async () => {
  toss.fault({ operation: 'CHARGE', kind: 'ERROR', status: 401, code: 'UNAUTHORIZED_KEY' });
  const { state } = await charged();
  assert.is(state, STATE_COMPLETED);
});

test('when Toss says that it is too much, charges wait as long as it says, and then go through', async () => {
  toss.fault({ operation: 'CHARGE', kind: 'ERROR', status: 429, code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 1 });
  const begin = performance.now();
  const { state } = await charged();
  assert.is(state, STATE_COMPLETED);
  assert.ok(performance.now() - begin >= 1_000);
});

test('what a webhook claims does not count: the payment is asked for', async () => {
  const { backer, pledgeId, id } = await charged();
  const { paymentKey, orderId } = stand.paidAt(id)!;
  await webhooks.receiveWebhook(webhookOf({ paymentKey, orderId, status: 'CANCELED', balanceAmount: 0 }));
  assert.is((await clients.payments.getPayment({ pledgeId }, backer.token)).payment!.state, STATE_COMPLETED);
  // One payment's key with another's order says nothing of that other.
  const other = await charged();
  toss.books.cancel(paymentKey, { cancelReason: '상점 관리자 취소' });
  await webhooks.receiveWebhook(webhookOf({ paymentKey, orderId: stand.paidAt(other.id)!.orderId, status: 'CANCELED' }));
  assert.is((await settled(clients, backer, pledgeId, STATE_CANCELED)).state, STATE_CANCELED);
  assert.is((await clients.payments.getPayment({ pledgeId: other.pledgeId }, other.backer.token)).payment!.state, STATE_COMPLETED);
});

test('a webhook about nothing of ours leaves no trace, and costs no question', async () => {
  const before = toss.seen.length;
  for (const orderId of [`${randomUUID()}_1`, 'somebody-elses-order'])
    await webhooks.receiveWebhook(webhookOf({ paymentKey: 'x', orderId, status: 'DONE' }, `forged-${orderId}`));
  const deposit = { createdAt: '2026-11-26T10:00:00+09:00', secret: 'x', status: 'DONE', transactionKey: 'x', orderId: 'x-order' };
  await webhooks.receiveWebhook({ body: Buffer.from(JSON.stringify(deposit)), headers: {} });
  assert.is(toss.seen.length, before);
  assert.equal(await stand.rows("SELECT FROM provider_event WHERE id LIKE 'toss:forged-%'"), []);
});

test('while Toss is away a webhook is not taken, and is when it comes again', async () => {
  const { backer, pledgeId, id } = await charged();
  await toss.pause();
  toss.books.cancel(stand.paidAt(id)!.paymentKey, { cancelReason: '상점 관리자 취소' });
  await toss.resume();
  await settled(clients, backer, pledgeId, STATE_CANCELED);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1, PaymentCanceled: 1 });
});

test('charges that come while Toss is away go through when it is back', async () => {
  const backer = await backerWith(stand, clients);
  const charges = Array.from({ length: 5 }, () => chargeOf(backer));
  await toss.pause();
  assert.is(reasonOf(await errorOf(clients.payments.registerBillingMethod(card(), backer.token))), 'PROVIDER_UNAVAILABLE');
  const { payments } = await funding.chargePledges(batch(...charges));
  for (const { id } of payments) await until(async () => (await triesOf(id)) > 0);
  await toss.resume();
  for (const { pledgeId } of charges) assert.is((await settled(clients, backer, pledgeId)).state, STATE_COMPLETED);
});

test('payment does not start without what Toss needs, and says what is missing', async () => {
  for (const name of ['TOSS_SECRET_KEY', 'TOSS_FEE_BASIS_POINTS', 'TOSS_BOOKS_SINCE']) {
    const { [name as keyof typeof stand.variables]: _, ...others } = stand.variables;
    const error = await errorOf(startPayment(readConfig(variables, { ...(await stand.environment()), ...others })));
    assert.instance(error, ConfigError);
    assert.match((error as Error).message, name);
  }
});

test.after(stand.close);
test.run();
