import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { status } from '@grpc/grpc-js';
import { Payment_State } from '@moa/contracts/payment/v1/payment';
import { ProviderWebhookServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { signWebhook, testCard } from '@moa/sandbox-provider';
import { reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backerWith, batch, CHARGED_AND_REFUNDED, type Clients, chargeOf, errorOf, openStand, settled, WEBHOOK_SECRET } from './support.js';

// Hands the provider's own webhooks on, as the gateway does; while it is closed, the tests make their own.
let open = false;
const door = createServer(async (incoming, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  const taken = open && (await errorOf(clients.webhooks.receiveWebhook({ body: Buffer.concat(chunks), headers }))) === undefined;
  response.writeHead(taken ? 200 : 503).end();
});
door.listen(0, '127.0.0.1');
await once(door, 'listening');

const stand = await openStand('webhooks', `http://127.0.0.1:${(door.address() as AddressInfo).port}/`);
// Waits so long for the provider's answer that within a test only a webhook tells how a silent charge ended.
const { address } = await stand.start({ PROVIDER_TIMEOUT_MS: '8000' });
const clients: Clients = stand.clients(address);
const { funding, webhooks } = clients;
const { STATE_COMPLETED, STATE_CANCELED, STATE_FAILED } = Payment_State;

interface Told {
  readonly secret?: string;
  readonly ageMs?: number;
  readonly id?: string;
  readonly type?: string;
}

const nowSeconds = (ageMs = 0) => String(Math.floor((Date.now() - ageMs) / 1_000));

function webhook(
  chargeId: string,
  { secret = WEBHOOK_SECRET, ageMs = 0, id = `evt_${randomUUID()}`, type = 'charge.succeeded' }: Told = {},
) {
  const body = JSON.stringify({ id, type, createTime: new Date().toISOString(), data: { charge: { id: chargeId } } });
  const timestamp = nowSeconds(ageMs);
  return {
    body: Buffer.from(body),
    headers: { 'provider-timestamp': timestamp, 'provider-signature': signWebhook(secret, timestamp, body) },
  };
}

// A charge that the provider has booked, and of which it has said nothing.
async function silentCharge() {
  const backer = await backerWith(stand, clients, testCard('TIMEOUT_AFTER_SUCCESS'));
  const charge = chargeOf(backer);
  const {
    payments: [payment],
  } = await funding.chargePledges(batch(charge));
  const booked = await until(async () => {
    const found = await stand.chargeAt(payment!.id);
    return found.id ? found : undefined;
  });
  return { backer, id: payment!.id, pledgeId: charge.pledgeId, chargeId: booked.id };
}

test('a webhook settles what is unknown', async () => {
  const { backer, id, pledgeId, chargeId } = await silentCharge();
  await webhooks.receiveWebhook(webhook(chargeId));
  assert.is((await settled(clients, backer, pledgeId)).state, STATE_COMPLETED);
  assert.is((await stand.ledgerOf(id)).length, 4);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
});

test('what a webhook claims does not count: the provider is asked', async () => {
  const { backer, pledgeId, chargeId } = await silentCharge();
  await webhooks.receiveWebhook(webhook(chargeId, { type: 'charge.declined' }));
  assert.is((await settled(clients, backer, pledgeId)).state, STATE_COMPLETED);
});

test('the same event 20 times at once has one effect', async () => {
  const { backer, id, pledgeId, chargeId } = await silentCharge();
  const same = webhook(chargeId);
  await Promise.all(Array.from({ length: 20 }, () => webhooks.receiveWebhook(same)));
  await webhooks.receiveWebhook(same);
  assert.is((await settled(clients, backer, pledgeId)).state, STATE_COMPLETED);
  assert.is((await stand.ledgerOf(id)).length, 4);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
});

test('events in the wrong order end where the provider stands', async () => {
  const { backer, id, pledgeId, chargeId } = await silentCharge();
  await stand.cancelAt(chargeId);
  await webhooks.receiveWebhook(webhook(chargeId, { type: 'charge.refunded' }));
  assert.is((await settled(clients, backer, pledgeId)).state, STATE_CANCELED);
  await webhooks.receiveWebhook(webhook(chargeId, { type: 'charge.succeeded' }));
  assert.is((await settled(clients, backer, pledgeId)).state, STATE_CANCELED);
  assert.is((await stand.ledgerOf(id)).length, CHARGED_AND_REFUNDED);
  assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1, PaymentCanceled: 1 });
});

test("what the provider's own staff gave back is told by its webhook", async () => {
  const backer = await backerWith(stand, clients);
  const charge = chargeOf(backer);
  await funding.chargePledges(batch(charge));
  const { id } = await settled(clients, backer, charge.pledgeId);
  const { id: chargeId } = await stand.chargeAt(id);
  await stand.cancelAt(chargeId);
  await webhooks.receiveWebhook(webhook(chargeId, { type: 'charge.refunded' }));
  assert.is((await settled(clients, backer, charge.pledgeId)).state, STATE_CANCELED);
});

test('what is forged, changed, old or from the future is refused, and nothing of it is kept', async () => {
  const { chargeId } = await silentCharge();
  const good = webhook(chargeId);
  const { 'provider-signature': signature, 'provider-timestamp': timestamp } = good.headers;
  const id = `evt_${randomUUID()}`;
  for (const [what, bad] of [
    ['another secret', webhook(chargeId, { id, secret: 'guessed' })],
    ['six minutes old', webhook(chargeId, { id, ageMs: 6 * 60_000 })],
    ['six minutes ahead', webhook(chargeId, { id, ageMs: -6 * 60_000 })],
    ['another body', { ...good, body: Buffer.from(good.body.toString().replace('succeeded', 'canceled ')) }],
    ['one byte more', { ...good, body: Buffer.concat([good.body, Buffer.from(' ')]) }],
    ['another time', { ...good, headers: { ...good.headers, 'provider-timestamp': nowSeconds(1_000) } }],
    ['no signature', { ...good, headers: { 'provider-timestamp': timestamp } }],
    ['no time', { ...good, headers: { 'provider-signature': signature } }],
    ['half a signature', { ...good, headers: { ...good.headers, 'provider-signature': signature.slice(0, 32) } }],
    ['a signature and more', { ...good, headers: { ...good.headers, 'provider-signature': `${signature}00` } }],
    ['no hex', { ...good, headers: { ...good.headers, 'provider-signature': 'z'.repeat(64) } }],
    ['a strange time', { ...good, headers: { ...good.headers, 'provider-timestamp': 'NaN' } }],
  ] as const) {
    const error = await errorOf(webhooks.receiveWebhook(bad));
    assert.is(reasonOf(error), 'WEBHOOK_REFUSED', what);
    assert.is((error as { code: number }).code, status.UNAUTHENTICATED);
  }
  assert.equal(await stand.rows('SELECT FROM provider_event WHERE id = $1', id), []);
  await webhooks.receiveWebhook(good);
});

test('what is signed and cannot be read is refused', async () => {
  for (const body of ['{', '[]', '{"id":"e"}', JSON.stringify({ id: 'e', type: 't', data: { charge: { id: 7 } } })]) {
    const timestamp = nowSeconds();
    const headers = { 'provider-timestamp': timestamp, 'provider-signature': signWebhook(WEBHOOK_SECRET, timestamp, body) };
    assert.is(reasonOf(await errorOf(webhooks.receiveWebhook({ body: Buffer.from(body), headers }))), 'WEBHOOK_UNREADABLE');
  }
});

test('a charge that is not ours changes nothing', async () => {
  const before = await stand.rows('SELECT state, count(*) FROM payment GROUP BY state ORDER BY state');
  await webhooks.receiveWebhook(webhook('ch_unknown'));
  assert.equal(await stand.rows('SELECT state, count(*) FROM payment GROUP BY state ORDER BY state'), before);
});

test('a webhook that comes while the provider is away is to be sent again', async () => {
  const { backer, pledgeId, chargeId } = await silentCharge();
  await stand.stopProvider();
  const event = webhook(chargeId);
  assert.is(reasonOf(await errorOf(webhooks.receiveWebhook(event))), 'PROVIDER_UNAVAILABLE');
  await stand.startProviderAgain();
  await webhooks.receiveWebhook(event);
  assert.is((await settled(clients, backer, pledgeId)).state, STATE_COMPLETED);
});

test('only the gateway hands webhooks on', async () => {
  for (const as of ['funding', 'envoy', 'stranger']) {
    const client = stand.bed.connect(ProviderWebhookServiceDefinition, address, { as });
    assert.is(
      reasonOf(await errorOf(client.receiveWebhook(webhook('ch_1'), await stand.bed.as(randomUUID(), 'ADMIN')))),
      'CALLER_NOT_ALLOWED',
      as,
    );
  }
});

test("the provider's own webhooks, twice, late and out of order, leave the books as they are to be", async () => {
  open = true;
  const charges = [];
  for (const [kind, state] of [
    ['PLAIN', STATE_COMPLETED],
    ['DECLINE', STATE_FAILED],
    ['DUPLICATE_WEBHOOK', STATE_COMPLETED],
    ['LATE_WEBHOOK', STATE_COMPLETED],
    ['REORDERED_WEBHOOKS', STATE_COMPLETED],
    ['TIMEOUT_AFTER_SUCCESS', STATE_COMPLETED],
  ] as const) {
    const backer = await backerWith(stand, clients, testCard(kind, kind === 'LATE_WEBHOOK' ? 5 : 0));
    charges.push({ backer, state, charge: chargeOf(backer) });
  }
  await funding.chargePledges(batch(...charges.map(({ charge }) => charge)));
  for (const { backer, state, charge } of charges) assert.is((await settled(clients, backer, charge.pledgeId)).state, state);
  await until(async () => (await stand.undelivered()) === 0);
  for (const { backer, state, charge } of charges) {
    const { id } = await settled(clients, backer, charge.pledgeId);
    assert.equal(await stand.eventsOf(id), state === STATE_FAILED ? { PaymentFailed: 1 } : { PaymentCompleted: 1 });
  }
  assert.equal(await stand.rows('SELECT FROM provider_event WHERE handle_time IS NULL'), []);
  await stand.checkBooks();
});

test("a clock that the demo has moved by weeks does not make the provider's webhooks old", async () => {
  stand.bed.shiftClock(21 * 86_400_000);
  const { backer, pledgeId, chargeId } = await silentCharge();
  await webhooks.receiveWebhook(webhook(chargeId));
  assert.is((await settled(clients, backer, pledgeId)).state, STATE_COMPLETED);
});

test.after(async () => {
  await stand.close();
  door.close();
  door.closeAllConnections();
});
test.run();
