// The bank: money of the merchant's to somebody's account, once for each key.
import { randomUUID } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Transfer } from '../src/types.js';
import { clientOf, removeFolder, startInProcess, startProcess, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const provider = await startInProcess(folder);
const client = clientOf(provider.url);
const account = { bankCode: '088', accountNumber: '110123456789', holderName: '모아공방', currency: 'KRW', amountMinor: 12_000 };
const SOON_MS = 300;

type Answer = Transfer & { error?: { code: string } };
const transferAt = (at: typeof client) => (key: string, body: object, timeoutMs?: number) =>
  at.call<Answer>('POST', '/v1/transfers', body, { 'idempotency-key': key }, timeoutMs ? AbortSignal.timeout(timeoutMs) : undefined);
const transfer = transferAt(client);
const find = (key: string, at = client) => at.call<Answer>('GET', `/v1/transfers?idempotencyKey=${key}`);
const fault = (kind: string, parameter = 0) => client.call('POST', '/v1/faults', { kind, parameter, operation: 'TRANSFER' });
const madeUnder = async (key: string) => {
  const { transfers } = (await client.call<{ transfers: Transfer[] }>('GET', '/v1/transfers')).body;
  return transfers.filter(({ idempotencyKey }) => idempotencyKey === key).length;
};

test('a transfer is made once for each key, also when it is asked for at the same time', async () => {
  const key = randomUUID();
  assert.is((await find(key)).status, 404);
  const answers = await Promise.all([1, 2, 3, 4].map(() => transfer(key, account)));
  assert.equal(
    answers.map(({ status, body: { state } }) => [status, state]),
    answers.map(() => [200, 'MADE']),
  );
  assert.is(new Set(answers.map(({ body }) => body.id)).size, 1);
  assert.equal((await find(key)).body, answers[0]!.body);
  assert.is(await madeUnder(key), 1);
});

test('a key that comes again with another account or amount is refused', async () => {
  const key = randomUUID();
  await transfer(key, account);
  for (const other of [{ accountNumber: '110999999999' }, { amountMinor: 12_001 }]) {
    const { status, body } = await transfer(key, { ...account, ...other });
    assert.equal([status, body.error!.code], [409, 'idempotency_key_reused']);
  }
  assert.is((await find(key)).body.amountMinor, 12_000);
});

test('an account that was closed takes nothing, and is told so again', async () => {
  const key = randomUUID();
  const closed = { ...account, accountNumber: '110123450000' };
  for (const { status, body } of [await transfer(key, closed), await transfer(key, closed), await find(key)])
    assert.equal([status, body.state, body.code], [200, 'REFUSED', 'account_closed']);
});

test('who gets no answer asks by the key: it was made, or it was not and is made by the same request', async () => {
  const made = randomUUID();
  await fault('TIMEOUT_AFTER_SUCCESS');
  assert.ok(await transfer(made, account, SOON_MS).catch((error: Error) => error instanceof Error));
  assert.is((await find(made)).body.state, 'MADE');
  const lost = randomUUID();
  await fault('TIMEOUT_BEFORE');
  assert.ok(await transfer(lost, account, SOON_MS).catch((error: Error) => error instanceof Error));
  assert.is((await find(lost)).status, 404);
  assert.is((await transfer(lost, account)).body.state, 'MADE');
  const failed = randomUUID();
  await fault('ERROR_ONCE');
  assert.is((await transfer(failed, account)).status, 500);
  assert.is((await transfer(failed, account)).body.state, 'MADE');
  const slow = randomUUID();
  await fault('SLOW', 2);
  assert.is((await transfer(slow, account)).body.state, 'MADE');
  for (const key of [made, lost, failed, slow]) assert.is(await madeUnder(key), 1);
});

test('a refusal on request moves nothing', async () => {
  const key = randomUUID();
  await fault('DECLINE');
  assert.is((await transfer(key, account)).body.state, 'REFUSED');
});

test('what is wrong in a request is named', async () => {
  assert.is((await client.call('POST', '/v1/transfers', account)).status, 400);
  const { status, body } = await transfer(randomUUID(), { ...account, amountMinor: 0 });
  assert.equal([status, (body.error as { field?: string }).field], [400, 'amountMinor']);
});

test('the books of the bank outlive a kill', async () => {
  const own = await temporaryFolder();
  const key = randomUUID();
  const first = await startProcess(own);
  const { body } = await transferAt(clientOf(first.url))(key, account);
  await first.kill();
  const second = await startProcess(own);
  assert.equal((await find(key, clientOf(second.url))).body, body);
  await second.kill();
  await removeFolder(own);
});

test.after(async () => {
  await provider.stop();
  await removeFolder(folder);
});
test.run();
