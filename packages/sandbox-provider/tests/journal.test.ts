import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testCard } from '../src/cards.js';
import type { Charge } from '../src/types.js';
import { clientOf, removeFolder, startInProcess, startProcess, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const CHARGES = 200;
const CALLERS = 16;
const KILL_AFTER = 60;
const test = suite('journal');

test('kill -9 in the middle of many charges loses none that was answered, and books none twice', async () => {
  const victim = await startProcess(folder);
  const client = clientOf(victim.url);
  const key = await client.billingKey(testCard('PLAIN'));
  const answered = new Map<string, string>();
  let killed: Promise<void> | undefined;
  const waiting = Array.from({ length: CHARGES }, (_, nth) => `kill-${nth}`);
  const callers = Array.from({ length: CALLERS }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const { body } = await client.charge(key, name);
      answered.set(name, body.id);
      if (answered.size === KILL_AFTER) killed = victim.kill();
    }
  });
  const results = await Promise.allSettled(callers);
  await killed;
  assert.ok(results.some(({ status }) => status === 'rejected') && answered.size < CHARGES, 'the kill landed in the middle');

  const next = await startProcess(folder);
  try {
    const after = clientOf(next.url);
    for (let nth = 0; nth < CHARGES; nth += 1) await after.charge(key, `kill-${nth}`);
    const entries = await after.books();
    assert.is(entries.length, CHARGES);
    assert.is(new Set(entries.map(({ idempotencyKey }) => idempotencyKey)).size, CHARGES);
    const idOf = new Map(entries.map(({ idempotencyKey, chargeId }) => [idempotencyKey, chargeId]));
    for (const [idempotencyKey, id] of answered) assert.is(idOf.get(idempotencyKey), id);
  } finally {
    await next.kill();
  }
});

test('a last line that was cut off is dropped, and the journal goes on', async () => {
  const path = join(folder, 'journal.jsonl');
  const whole = await readFile(path, 'utf8');
  await appendFile(path, '{"kind":"CHARGE","char');
  const provider = await startInProcess(folder);
  const client = clientOf(provider.url);
  await client.billingKey(testCard('PLAIN'));
  await provider.stop();
  const text = await readFile(path, 'utf8');
  assert.ok(text.startsWith(whole));
  for (const line of text.trimEnd().split('\n')) JSON.parse(line);
});

test('a journal from before money could go back in part is read as what it means today', async () => {
  const old = await temporaryFolder();
  const charge = {
    id: 'ch_old',
    state: 'SUCCEEDED',
    amountMinor: 10_000,
    feeMinor: 240,
    currency: 'KRW',
    orderId: 'order-old',
    billingKey: 'bk_old',
    idempotencyKey: 'old',
    createTime: '2026-11-20T00:00:00.000Z',
  };
  const event = { id: 'evt_old', type: 'charge.succeeded', createTime: charge.createTime, data: { charge } };
  const canceled = { ...charge, state: 'CANCELED', cancelTime: '2026-11-21T00:00:00.000Z' };
  const lines = [
    { kind: 'CHARGE', charge, event, delivery: { kind: 'PLAIN' } },
    { kind: 'CANCEL', charge: canceled, cancelKey: 'old-back', event: { ...event, id: 'evt_old_back' }, delivery: { kind: 'PLAIN' } },
  ];
  await writeFile(join(old, 'journal.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const provider = await startInProcess(old);
  const client = clientOf(provider.url);
  const { body: found } = await client.call<Charge>('GET', '/v1/charges/ch_old');
  assert.equal([found.state, found.refunds.length, found.refunds[0]?.feeMinor], ['CANCELED', 1, 240]);
  assert.is((await client.cancel('ch_old', 'old-back')).body.state, 'CANCELED', 'the same key is the same refund');
  assert.equal(
    (await client.books()).map(({ type, amountMinor }) => [type, amountMinor]),
    [
      ['CHARGE', 10_000],
      ['REFUND', 10_000],
    ],
  );
  await provider.stop();
  await removeFolder(old);
});

test('damage in the middle is told, never passed over', async () => {
  const path = join(folder, 'journal.jsonl');
  const lines = (await readFile(path, 'utf8')).split('\n');
  lines[3] = 'damaged';
  await writeFile(path, lines.join('\n'));
  const message = await startInProcess(folder).then(
    () => 'started',
    (error: Error) => error.message,
  );
  assert.match(message, /damaged at .*:4/);
});

test.after(() => removeFolder(folder));
test.run();
