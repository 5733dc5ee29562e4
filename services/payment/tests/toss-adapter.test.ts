// What is Toss Payments' own, seen from the adapter.
import { randomUUID } from 'node:crypto';
import { testCard } from '@moa/sandbox-provider';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { idempotencyKeyOf, refundKeyOf } from '../src/domain/charge.js';
import { OutcomeUnknown, type ProviderCharge } from '../src/provider/port.js';
import { tossProvider } from '../src/provider/toss.js';
import { FEE_BASIS_POINTS, tossRig } from './toss/rigs.js';
import { korea } from './toss/types.js';

const { provider, impatient, server, close } = await tossRig();

async function orderWith(cardNumber = testCard('PLAIN')) {
  const holderId = randomUUID();
  const { billingKey } = await provider.registerCard({ cardNumber, expiryMonth: 12, expiryYear: 2099, holderId, ownerNumber: '' });
  const idempotencyKey = idempotencyKeyOf(randomUUID(), 1);
  return { idempotencyKey, billingKey, holderId, currency: 'KRW', amountMinor: 30_000n, orderId: randomUUID(), tries: 1 };
}

const charged = async () => (await provider.charge(await orderWith())) as ProviderCharge;

const refundOf = (chargeId: string, amountMinor: bigint, reason = '단순 변심') => ({
  chargeId,
  idempotencyKey: refundKeyOf(randomUUID()),
  currency: 'KRW',
  amountMinor,
  reason,
  tries: 1,
});

const isUnknown = (promise: Promise<unknown>): Promise<void> =>
  promise.then(
    () => assert.unreachable('its outcome is unknown'),
    (error) => assert.instance(error, OutcomeUnknown),
  );

const ordersOf = (idempotencyKey: string) => server.books.payments().filter(({ orderId }) => orderId === idempotencyKey.replace(':', '_'));

test('a charge that was done, and told as an error, is not done again under another key: its order is taken', async () => {
  const order = await orderWith();
  server.fault({ operation: 'CHARGE', kind: 'ERROR_AFTER' });
  await isUnknown(provider.charge(order));
  const charge = (await provider.charge({ ...order, tries: 2 })) as ProviderCharge;
  assert.is(charge.state, 'SUCCEEDED');
  assert.is(ordersOf(order.idempotencyKey).length, 1);
  assert.is(server.books.paymentOf(charge.id).status, 'DONE');
});

test('another key is only taken when the first is over', async () => {
  const order = await orderWith(testCard('SLOW', 20));
  const before = server.seen.length;
  await isUnknown(impatient.charge(order));
  // Still at work: however often it was tried, it is asked under its first key only.
  await isUnknown(impatient.charge({ ...order, tries: 64 }));
  assert.is(server.seen.length, before + 2);
});

test('passing errors leave the outcome unknown, whatever their status', async () => {
  for (const [status, code] of [
    [400, 'PROVIDER_ERROR'],
    [401, 'UNAUTHORIZED_KEY'],
    [403, 'FORBIDDEN_REQUEST'],
    [409, 'IDEMPOTENT_REQUEST_PROCESSING'],
    [429, 'TOO_MANY_REQUESTS'],
    [500, 'FAILED_INTERNAL_SYSTEM_PROCESSING'],
    [400, 'A_CODE_OF_TOMORROW'],
  ] as const) {
    server.fault({ operation: 'CHARGE', kind: 'ERROR', status, code, retryAfterSeconds: 0 });
    await isUnknown(provider.charge(await orderWith()));
    server.fault({ operation: 'CANCEL', kind: 'ERROR', status, code, retryAfterSeconds: 0 });
    await isUnknown(provider.refund(refundOf((await charged()).id, 1n)));
    server.fault({ operation: 'ASK', kind: 'ERROR', status, code, retryAfterSeconds: 0 });
    await isUnknown(provider.findCharge(idempotencyKeyOf(randomUUID(), 1)));
  }
});

test('a decline of which Toss keeps nothing is refused with its code', async () => {
  const order = await orderWith();
  server.fault({ operation: 'CHARGE', kind: 'ERROR', status: 403, code: 'REJECT_CARD_PAYMENT' });
  assert.equal(await provider.charge(order), { state: 'REFUSED', code: 'REJECT_CARD_PAYMENT' });
});

test('a card is charged for the one who registered it, and for nobody else', async () => {
  const order = await orderWith();
  assert.equal(await provider.charge({ ...order, holderId: randomUUID() }), { state: 'REFUSED', code: 'NOT_MATCHES_CUSTOMER_KEY' });
  assert.is((await provider.charge({ ...order, idempotencyKey: idempotencyKeyOf(randomUUID(), 1) })).state, 'SUCCEEDED');
});

test('a refund is not made again when its key is forgotten, as it is after 15 days', async () => {
  const { id } = await charged();
  const order = refundOf(id, 10_000n);
  server.fault({ operation: 'CANCEL', kind: 'SILENT_AFTER' });
  await isUnknown(impatient.refund(order));
  server.forgetAnswers();
  assert.is((await provider.refund({ ...order, tries: 2 })).state, 'PARTIALLY_REFUNDED');
  assert.is(server.books.paymentOf(id).balanceAmount, 20_000);
});

test('what the page of Toss gave for a card is good for one billing key, and its holder only, however often its answer gets lost', async () => {
  const holderId = randomUUID();
  const authKey = server.books.authorize(holderId, '5555555555554444');
  await provider.registerCard({ authKey, holderId: randomUUID() }).then(
    () => assert.unreachable('somebody else has it'),
    (error) => assert.is(error.reason, 'CARD_REFUSED'),
  );
  server.forgetAnswers();
  server.fault({ operation: 'REGISTER', kind: 'SILENT_AFTER' });
  await isUnknown(impatient.registerCard({ authKey, holderId }));
  const card = await provider.registerCard({ authKey, holderId });
  assert.equal([card.brand, card.last4], ['HYUNDAI', '444*']);
  const order = { ...(await orderWith()), billingKey: card.billingKey, holderId };
  assert.is((await provider.charge(order)).state, 'SUCCEEDED');
});

test('the longest reason leaves room for the key of its refund', async () => {
  const { id } = await charged();
  const order = refundOf(id, 1_000n, '가나다라마바사아자차카타파하😀'.repeat(20));
  const after = (await provider.refund(order)) as ProviderCharge;
  assert.is(after.refunds[0]!.idempotencyKey, order.idempotencyKey);
  assert.is(server.books.paymentOf(id).cancels![0]!.cancelReason.length <= 200, true);
});

test('under another key a refund happens only when nothing has changed since the look', async () => {
  const { id } = await charged();
  const order = refundOf(id, 4_000n);
  // It was canceled, and the answer was an error; and the payment as it is seen does not have it yet.
  server.fault({ operation: 'CANCEL', kind: 'ERROR_AFTER' });
  await isUnknown(provider.refund({ ...order, tries: 2 }));
  assert.is(server.books.paymentOf(id).balanceAmount, 26_000);
  const after = (await provider.refund({ ...order, tries: 3 })) as ProviderCharge;
  assert.equal(
    after.refunds.map(({ amountMinor }) => amountMinor),
    [4_000n],
  );
});

test('the books have the fee that Toss has settled, and until then the one of the contract', async () => {
  const { id } = await charged();
  await provider.refund(refundOf(id, 10_000n));
  const { cancels } = server.books.paymentOf(id);
  const feesOf = async () => (await provider.listBooks('')).lines.filter(({ chargeId }) => chargeId === id).map(({ feeMinor }) => feeMinor);
  assert.equal(await feesOf(), [720n, -240n]);
  const [charge] = server.books
    .transactions(new URLSearchParams({ startDate: '2000', endDate: '3000', limit: '9999' }))
    .filter(({ paymentKey }) => paymentKey === id);
  server.books.settle(charge!.transactionKey, 750);
  server.books.settle(cancels![0]!.transactionKey, 250);
  assert.equal(await feesOf(), [750n, -250n]);
});

test('the books go on day by day, to today', async () => {
  const threeDaysAgo = korea(Date.now() - 3 * 86_400_000).slice(0, 10);
  const options = {
    url: server.url,
    secretKey: 'test_sk_of_the_tests',
    feeBasisPoints: FEE_BASIS_POINTS,
    timeoutMs: 5_000,
    ratePerSecond: 1_000,
  };
  const since = tossProvider({ ...options, booksSince: threeDaysAgo });
  const { id } = await charged();
  const pages: boolean[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: Awaited<ReturnType<typeof since.listBooks>> = await since.listBooks(cursor);
    pages.push(page.lines.some(({ chargeId }) => chargeId === id));
    cursor = page.nextCursor;
  }
  assert.equal(pages, [false, false, false, true]);
});

test('a wrong key says nothing about any charge', async () => {
  const options = { url: server.url, feeBasisPoints: FEE_BASIS_POINTS, booksSince: '2026-01-01', timeoutMs: 5_000, ratePerSecond: 1_000 };
  const stranger = tossProvider({ ...options, secretKey: 'test_sk_of_somebody_else' });
  await isUnknown(stranger.charge(await orderWith()));
  await isUnknown(stranger.findCharge(idempotencyKeyOf(randomUUID(), 1)));
});

test.after(close);
test.run();
