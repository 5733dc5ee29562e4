import { readdir } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MESSAGES_KEPT, openMessages } from '../src/messages.js';
import { mail, messagesAt, removeFolder, send, startProcess, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const MAILS = 200;
const SENDERS = 8;
const KILL_AFTER = 60;
const test = suite('durability');

test('kill -9 in the middle of many mails loses none that was acknowledged, and a repeat is shown once', async () => {
  const victim = await startProcess(folder);
  const numbers = Array.from({ length: MAILS }, (_, nth) => nth);
  const message = (nth: number) => mail({ messageId: `<${nth}@moa.example>`, subject: String(nth) });
  const acknowledged = new Set<number>();
  let killed: Promise<unknown> | undefined;
  const waiting = [...numbers];
  const senders = Array.from({ length: SENDERS }, async () => {
    for (let nth = waiting.shift(); nth !== undefined; nth = waiting.shift()) {
      await send(victim.smtpUrl, message(nth));
      acknowledged.add(nth);
      if (acknowledged.size === KILL_AFTER) killed = victim.end();
    }
  });
  const results = await Promise.allSettled(senders);
  await killed;
  assert.ok(results.some(({ status }) => status === 'rejected') && acknowledged.size < MAILS, 'the kill landed in the middle');

  const next = await startProcess(folder);
  const shown = async () => (await messagesAt(next.url)).map(({ subject }) => Number(subject)).sort((left, right) => left - right);
  const survivors = await shown();
  for (const nth of acknowledged) assert.ok(survivors.includes(nth), `${nth} is there`);
  for (const nth of acknowledged) await send(next.smtpUrl, message(nth));
  assert.equal(await shown(), survivors);
  assert.is(await next.end('SIGTERM'), 0);
});

test('the newest are kept, and the folder holds no others', async () => {
  const many = `${folder}/many`;
  const messages = await openMessages(many);
  const message = (nth: number) => ({ id: `m${nth}`, from: '', to: ['a@moa.example'], subject: '', text: '', time: '' });
  for (let nth = 1; nth <= MESSAGES_KEPT + 3; nth++) await messages.keep(message(nth));
  assert.is((await readdir(many)).length, MESSAGES_KEPT);

  const again = await openMessages(many);
  assert.equal(again.list(), messages.list());
  assert.is(again.list()[0]?.id, `m${MESSAGES_KEPT + 3}`);
  assert.is(again.list().at(-1)?.id, 'm4');
  // What was dropped is unknown, and may come again.
  await again.keep(message(1));
  assert.is(again.list()[0]?.id, 'm1');
  await Promise.all([messages.close(), again.close()]);
});

test.after(() => removeFolder(folder));
test.run();
