import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testCard } from '../src/cards.js';
import { feeOf } from '../src/fee.js';
import { clientOf, type Reply, removeFolder, startInProcess, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const provider = await startInProcess(folder);
const client = clientOf(provider.url);
const test = suite('provider API');

test('gives a billing key for a good card, and never its number', async () => {
  const card = { cardNumber: '4242-4242-4242-4242', expiryMonth: 12, expiryYear: 2099, holderId: 'holder' };
  const { status, body } = await client.call<Record<string, unknown>>('POST', '/v1/billing-keys', card);
  assert.is(status, 201);
  assert.is(body.brand, 'VISA');
  assert.is(body.last4, '4242');
  const again = await client.call('GET', `/v1/billing-keys/${body.billingKey}`);
  assert.equal(again.body, body);
  assert.not.match(JSON.stringify(again.body), '42424242');
});

test('refuses a wrong number, an expired card and one that the issuer refuses, each with its own code', async () => {
  const good = { cardNumber: '4242424242424242', expiryMonth: 12, expiryYear: 2099, holderId: 'holder' };
  const codeOf = async (body: unknown) =>
    (await client.call<{ error?: { code: string } }>('POST', '/v1/billing-keys', body)).body.error?.code;
  assert.is(await codeOf({ ...good, cardNumber: '4242424242424241' }), 'card_number_invalid');
  assert.is(await codeOf({ ...good, expiryYear: 2020 }), 'card_expired');
  assert.is(await codeOf({ ...good, cardNumber: testCard('REFUSED_AT_REGISTRATION') }), 'card_refused');
  assert.is(await codeOf({ ...good, holderId: 7 }), 'invalid_request');
});

test('charges once for one idempotency key, and refuses the key with another body', async () => {
  const key = await client.billingKey(testCard('PLAIN'));
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.charge(key, 'once')));
  assert.is(new Set(answers.map(({ body }) => body.id)).size, 1);
  assert.is(answers[0]?.body.state, 'SUCCEEDED');
  assert.is(answers[0]?.body.feeMinor, 240);
  const other = await client.charge(key, 'once', 10_001);
  assert.is(other.status, 409);
  assert.is(other.body.error?.code, 'idempotency_key_reused');
  assert.is((await client.books()).filter((entry) => entry.idempotencyKey === 'once').length, 1);
});

test('finds a charge by its idempotency key, and says when it never saw one', async () => {
  const { body } = await client.charge(await client.billingKey(testCard('PLAIN')), 'found');
  const found = await client.call('GET', '/v1/charges?idempotencyKey=found');
  assert.equal(found.body, body);
  assert.equal((await client.call('GET', `/v1/charges/${body.id}`)).body, body);
  assert.is((await client.call('GET', '/v1/charges?idempotencyKey=never')).status, 404);
});

test('gives a charge back whole and once', async () => {
  const { body: charge } = await client.charge(await client.billingKey(testCard('PLAIN')), 'back');
  const first = await client.cancel(charge.id, 'back-1');
  assert.is(first.body.state, 'CANCELED');
  assert.equal((await client.cancel(charge.id, 'back-1')).body, first.body);
  assert.is((await client.cancel(charge.id, 'back-2')).body.error?.code, 'refund_too_large');
  const repeat = await client.charge(charge.billingKey!, 'back');
  assert.equal(repeat.body, charge, 'a repeat of the charge gets the first answer');
  const canceled = (await client.books()).filter((entry) => entry.chargeId === charge.id && entry.type === 'REFUND');
  assert.equal(
    canceled.map((entry) => [entry.amountMinor, entry.feeMinor]),
    [[10_000, 240]],
  );
});

test('keeps totals that follow from its entries', async () => {
  const declining = await client.billingKey(testCard('DECLINE'));
  const { body: declined } = await client.charge(declining, 'no-money');
  assert.is(declined.declineCode, 'insufficient_funds');
  assert.is((await client.cancel(declined.id, 'no-money-back')).body.error?.code, 'charge_not_paid');
  const entries = await client.books();
  const sum = (type: string) => entries.filter((entry) => entry.type === type).reduce((total, entry) => total + entry.amountMinor, 0);
  const { body } = await client.call<{ totals: Record<string, number>[] }>('GET', '/v1/books/totals');
  const [krw] = body.totals;
  assert.is(krw?.chargedMinor, sum('CHARGE'));
  assert.is(krw?.refundedMinor, sum('REFUND'));
  assert.is(krw?.netMinor, sum('CHARGE') - sum('REFUND') - (krw?.feeMinor ?? 0));
});

test('rounds half a won of its fee up', () => {
  assert.is(feeOf(10_000), 240);
  assert.is(feeOf(21), 1); // 0.504
  assert.is(feeOf(20), 0); // 0.48
  assert.is(feeOf(125), 3); // 3.0
  assert.is(feeOf(62_500 + 1), 1_500); // 1500.024
});

test('answers nobody without the API key', async () => {
  const response: Reply = await client.call('GET', '/v1/books', undefined, { authorization: 'Bearer wrong' });
  assert.is(response.status, 401);
  assert.is(response.body.error?.code, 'unauthorized');
});

test('refuses what it cannot read', async () => {
  const key = await client.billingKey(testCard('PLAIN'));
  const codeOf = async (body: unknown, headers = {}) =>
    (await client.call<{ error?: { code: string } }>('POST', '/v1/charges', body, headers)).body.error?.code;
  const good = { billingKey: key, amountMinor: 1, currency: 'KRW', orderId: 'o' };
  assert.is(await codeOf(good), 'idempotency_key_required');
  assert.is(await codeOf({ ...good, amountMinor: 1.5 }, { 'idempotency-key': 'bad' }), 'invalid_request');
  assert.is(await codeOf({ ...good, amountMinor: -1 }, { 'idempotency-key': 'bad' }), 'invalid_request');
  assert.is(await codeOf({ ...good, currency: 'won' }, { 'idempotency-key': 'bad' }), 'invalid_request');
  assert.is(await codeOf({ ...good, billingKey: 'bk_none' }, { 'idempotency-key': 'bad' }), 'billing_key_not_found');
  assert.is(await codeOf([], { 'idempotency-key': 'bad' }), 'invalid_json');
  assert.is(await codeOf({ ...good, orderId: 'o'.repeat(70_000) }, { 'idempotency-key': 'bad' }), 'body_too_large');
});

test.after(async () => {
  await provider.stop();
  await removeFolder(folder);
});
test.run();
