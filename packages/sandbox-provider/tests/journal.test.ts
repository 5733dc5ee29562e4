import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testCard } from '../src/cards.js';
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
