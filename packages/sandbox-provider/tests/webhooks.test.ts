import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testCard } from '../src/cards.js';
import { signWebhook } from '../src/webhooks.js';
import { clientOf, removeFolder, startInProcess, startReceiver, temporaryFolder, until, WEBHOOK_SECRET } from './support.js';

const folder = await temporaryFolder();
let statusOf: () => number = () => 200;
const receiver = await startReceiver(() => statusOf());
let provider = await startInProcess(folder, receiver.url);
let client = clientOf(provider.url);
const test = suite('webhooks');

test('an event is signed over its time and its raw body', async () => {
  const { body: charge } = await client.charge(await client.billingKey(testCard('PLAIN')), 'signed');
  await until(() => receiver.of(charge.id).length === 1);
  const [got] = receiver.of(charge.id);
  assert.is(got?.event.type, 'charge.succeeded');
  assert.equal(got?.event.data.charge, charge);
  assert.is(got?.signature, signWebhook(WEBHOOK_SECRET, got?.timestamp ?? '', got?.rawBody ?? ''));
});

test('a decline and a cancel have their events', async () => {
  const { body: declined } = await client.charge(await client.billingKey(testCard('DECLINE')), 'declined');
  const { body: charge } = await client.charge(await client.billingKey(testCard('PLAIN')), 'canceled');
  await client.cancel(charge.id, 'canceled-back');
  await until(() => receiver.of(charge.id).length === 2 && receiver.of(declined.id).length === 1);
  assert.is(receiver.of(declined.id)[0]?.event.type, 'charge.declined');
  assert.equal(
    receiver
      .of(charge.id)
      .map(({ event }) => event.type)
      .sort(),
    ['charge.refunded', 'charge.succeeded'],
  );
});

test('an event is sent again until it is taken', async () => {
  const failures = [500, 503];
  statusOf = () => failures.shift() ?? 200;
  const { body: charge } = await client.charge(await client.billingKey(testCard('PLAIN')), 'again');
  await until(() => receiver.of(charge.id).length === 3);
  assert.is(new Set(receiver.of(charge.id).map(({ event }) => event.id)).size, 1);
  await until(async () => (await client.pendingWebhooks()) === 0);
});

test('a duplicate has the same event id', async () => {
  const { body: charge } = await client.charge(await client.billingKey(testCard('DUPLICATE_WEBHOOK')), 'double');
  await until(() => receiver.of(charge.id).length === 2);
  assert.is(new Set(receiver.of(charge.id).map(({ event }) => event.id)).size, 1);
});

test('a late event comes after later ones', async () => {
  const { body: late } = await client.charge(await client.billingKey(testCard('LATE_WEBHOOK', 3)), 'late');
  const { body: next } = await client.charge(await client.billingKey(testCard('PLAIN')), 'late-next');
  await until(() => receiver.of(late.id).length === 1 && receiver.of(next.id).length === 1);
  const order = receiver.received.map(({ event }) => event.data.charge.id);
  assert.ok(order.indexOf(next.id) < order.indexOf(late.id));
});

test('reordered events arrive the wrong way round', async () => {
  const { body: charge } = await client.charge(await client.billingKey(testCard('REORDERED_WEBHOOKS')), 'reordered');
  await client.cancel(charge.id, 'reordered-back');
  await until(() => receiver.of(charge.id).length === 2);
  assert.equal(
    receiver.of(charge.id).map(({ event }) => event.type),
    ['charge.refunded', 'charge.succeeded'],
  );
});

test('what was not taken before a stop is sent after the next start', async () => {
  statusOf = () => 500;
  const { body: charge } = await client.charge(await client.billingKey(testCard('PLAIN')), 'restart');
  await until(() => receiver.of(charge.id).length >= 1);
  await provider.stop();
  statusOf = () => 200;
  const before = receiver.of(charge.id).length;
  provider = await startInProcess(folder, receiver.url);
  client = clientOf(provider.url);
  await until(() => receiver.of(charge.id).length === before + 1);
  await until(async () => (await client.pendingWebhooks()) === 0);
});

test.after(async () => {
  await provider.stop();
  receiver.close();
  await removeFolder(folder);
});
test.run();
