import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testCard } from '../src/cards.js';
import { makeFaults } from '../src/faults.js';
import type { Charge } from '../src/types.js';
import { clientOf, removeFolder, startInProcess, temporaryFolder, until } from './support.js';

const SHORT_MS = 150;
const folder = await temporaryFolder();
const provider = await startInProcess(folder);
const client = clientOf(provider.url);
const test = suite('faults on request');

async function timesOut(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => false,
    (error: Error) => error.name === 'TimeoutError',
  );
}

test('a declining card is declined each time', async () => {
  const key = await client.billingKey(testCard('DECLINE'));
  for (const day of [1, 2, 3]) assert.is((await client.charge(key, `decline-${day}`)).body.state, 'DECLINED');
});

test('a card is declined the first two times, counted by billing key, and then fine', async () => {
  const key = await client.billingKey(testCard('DECLINE_FIRST', 2));
  const states = [];
  for (const day of [1, 1, 2, 3, 4]) states.push((await client.charge(key, `first-${day}`)).body.state);
  assert.equal(states, ['DECLINED', 'DECLINED', 'DECLINED', 'SUCCEEDED', 'SUCCEEDED']);
});

test('a timeout after success has booked the charge, and a repeat is told so', async () => {
  const key = await client.billingKey(testCard('TIMEOUT_AFTER_SUCCESS'));
  assert.ok(await timesOut(client.charge(key, 'after', 10_000, SHORT_MS)));
  const found = await client.call<{ state: string }>('GET', '/v1/charges?idempotencyKey=after');
  assert.is(found.body.state, 'SUCCEEDED');
  assert.equal((await client.charge(key, 'after')).body, found.body);
});

test('a timeout before anything has booked nothing, and a repeat goes through', async () => {
  const key = await client.billingKey(testCard('TIMEOUT_BEFORE'));
  assert.ok(await timesOut(client.charge(key, 'before', 10_000, SHORT_MS)));
  assert.is((await client.call('GET', '/v1/charges?idempotencyKey=before')).status, 404);
  assert.is((await client.charge(key, 'before')).body.state, 'SUCCEEDED');
});

test('a slow charge is booked at once and answered late', async () => {
  const key = await client.billingKey(testCard('SLOW', 3));
  const started = performance.now();
  const answer = client.charge(key, 'slow');
  await answer;
  assert.ok(performance.now() - started >= 300 - 5);
});

test('an error comes once and books nothing', async () => {
  const key = await client.billingKey(testCard('ERROR_ONCE'));
  assert.is((await client.charge(key, 'error')).status, 500);
  assert.is((await client.charge(key, 'error')).status, 200);
  assert.is((await client.books()).filter((entry) => entry.idempotencyKey === 'error').length, 1);
});

test('a fault is switched on for the next charges', async () => {
  const key = await client.billingKey(testCard('PLAIN'));
  await client.call('POST', '/v1/faults', { kind: 'DECLINE', count: 2 });
  const states = [];
  for (const nth of [1, 2, 3]) states.push((await client.charge(key, `next-${nth}`)).body.state);
  assert.equal(states, ['DECLINED', 'DECLINED', 'SUCCEEDED']);
  assert.equal((await client.call<{ faults: unknown[] }>('GET', '/v1/faults')).body.faults, []);
});

test('a fault at a rate hits the same charges for the same seed, whatever their order', async () => {
  const names = Array.from({ length: 400 }, (_, nth) => `rate-${nth}`);
  const hitBy = (seed: number, keys: readonly string[]) => {
    const faults = makeFaults(seed);
    faults.switchOn({ operation: 'CHARGE', behaviour: { kind: 'ERROR_ONCE', parameter: 0 }, rate: 0.25 });
    return keys.filter((key) => faults.pick('CHARGE', key, { kind: 'PLAIN', parameter: 0 }).kind === 'ERROR_ONCE').sort();
  };
  const hit = hitBy(1, names);
  assert.ok(hit.length > 60 && hit.length < 140, `about a quarter of 400: ${hit.length}`);
  assert.equal(hitBy(1, names.toReversed()), hit);
  assert.not.equal(hitBy(2, names), hit);

  await client.call('POST', '/v1/faults', { kind: 'ERROR_ONCE', rate: 0.25 });
  const key = await client.billingKey(testCard('PLAIN'));
  for (const name of names.slice(0, 20)) assert.is((await client.charge(key, name)).status, hit.includes(name) ? 500 : 200);
  await client.call('DELETE', '/v1/faults');
});

test('a cancel can be cut off, too', async () => {
  const { body } = await client.charge(await client.billingKey(testCard('PLAIN')), 'cut');
  await client.call('POST', '/v1/faults', { kind: 'ERROR_ONCE', operation: 'REFUND' });
  assert.is((await client.cancel(body.id, 'cut-back')).status, 500);
  assert.is((await client.cancel(body.id, 'cut-back')).body.state, 'CANCELED');
});

const stateOf = async (id: string) => (await client.call<Charge>('GET', `/v1/charges/${id}`)).body.state;

test('a charge is charged back by its card, or at a rate', async () => {
  const { body: byCard } = await client.charge(await client.billingKey(testCard('CHARGEBACK')), 'back-by-card');
  await until(async () => (await stateOf(byCard.id)) === 'CHARGED_BACK');
  await client.call('POST', '/v1/faults', { kind: 'CHARGEBACK', rate: 1 });
  const { body: atRate } = await client.charge(await client.billingKey(testCard('PLAIN')), 'back-at-rate');
  await until(async () => (await stateOf(atRate.id)) === 'CHARGED_BACK');
  await client.call('DELETE', '/v1/faults');
});

test("the card's bank may be faster than a refund", async () => {
  const { body } = await client.charge(await client.billingKey(testCard('PLAIN')), 'faster');
  await client.call('POST', '/v1/faults', { kind: 'CHARGEBACK', operation: 'REFUND' });
  assert.is((await client.cancel(body.id, 'faster-back')).body.error?.code, 'refund_too_large');
  assert.is(await stateOf(body.id), 'CHARGED_BACK');
});

test('refuses a fault that it does not know', async () => {
  assert.is((await client.call('POST', '/v1/faults', { kind: 'EARTHQUAKE' })).status, 400);
  assert.is((await client.call('POST', '/v1/faults', { kind: 'DECLINE', rate: 2 })).status, 400);
  assert.is((await client.call('POST', '/v1/faults', { kind: 'DECLINE', rate: 0.1, count: 3 })).status, 400);
});

test.after(async () => {
  await provider.stop();
  await removeFolder(folder);
});
test.run();
