import { randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '@moa/kit';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSmtp } from '../src/mail/smtp.js';
import { queue, startAuthProcess, startRefusing, triesOf, waiting } from './mail-support.js';
import { tokenIn } from './mailbox.js';
import { openAuth } from './support.js';

const house = await openAuth('mail');
const { bed, mailbox, mails } = house;
// Each test starts the copies that it is about.
await house.stop();

const DAY_MS = 86_400_000;
// Past the longest pause, and past a lease.
const LATER_MS = 700_000;
const someone = () => `${randomUUID()}@moa.example`;
const settled = () => until(async () => (await waiting(house)).length === 0);
const triedTimes = (tries: number) => until(async () => (await waiting(house)).every((mail) => mail.tries >= tries));

test('a mail goes out as it was meant, and is forgotten', async () => {
  const to = someone();
  const token = randomBytes(32).toString('base64url');
  const id = await queue(house, { kind: 'VERIFY_EMAIL', to, token, minutes: 30 });
  const copy = await house.start();
  const [mail] = await mails(to);
  assert.is(tokenIn(mail!), token);
  assert.is(mail!.from, 'no-reply@moa.example');
  assert.is(mail!.id, `${id}@moa.example`);
  assert.match(mail!.subject, '이메일 주소를 확인해 주세요');
  await settled();
  await copy.stop();
});

test('nothing of whom it goes to or of its token can be read in the table', async () => {
  const to = someone();
  const token = randomBytes(32).toString('base64url');
  const id = await queue(house, { kind: 'RESET_PASSWORD', to, token, minutes: 30 });
  const { rows } = await house.database.query('SELECT * FROM mail WHERE id = $1', [id]);
  const bytes = Buffer.concat(Object.values(rows[0]).map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))));
  for (const secret of [to, token, to.split('@')[0]!]) assert.not.ok(bytes.includes(secret));
  await house.database.query('DELETE FROM mail');
});

test('of a hundred mails two copies send each once, side by side', async () => {
  const addresses = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const to = someone();
      await queue(house, { kind: 'PASSWORD_CHANGED', to });
      return to;
    }),
  );
  const copies = await Promise.all([house.start(), house.start()]);
  await settled();
  // The mailbox shows a repeat once, so the copies' own counts say whether there was one.
  const sent = await Promise.all(copies.map((copy) => triesOf(copy, 'sent')));
  assert.is(sent[0]! + sent[1]!, addresses.length);
  assert.ok(
    sent.every((count) => count > 0),
    `both took part: ${sent}`,
  );
  for (const to of addresses) assert.is((await mailbox.mailsSoFar(to)).length, 1);
  for (const copy of copies) await copy.stop();
});

test('a mail that stands for none is discarded, and nobody gets it', async () => {
  const to = someone();
  await queue(house, { kind: 'NONE', to });
  const copy = await house.start();
  await settled();
  assert.is(await triesOf(copy, 'sent'), 0);
  assert.equal(await mailbox.mailsSoFar(to), []);
  await copy.stop();
});

test('while the server is away mail waits, and goes out when it is back', async () => {
  const [first, second] = [someone(), someone()];
  const copy = await house.start();
  await queue(house, { kind: 'ACCOUNT_EXISTS', to: first });
  // Its connection stays open.
  await mails(first);
  await mailbox.goAway();
  await queue(house, { kind: 'ACCOUNT_EXISTS', to: second });
  await triedTimes(2);
  await mailbox.comeBack();
  bed.shiftClock(LATER_MS);
  assert.is((await mails(second)).length, 1);
  await settled();
  assert.ok((await triesOf(copy, 'failed')) >= 2);
  await copy.stop();
});

test('killed after a mail went out, it sends it again, and the two are seen to be one', async () => {
  const to = someone();
  await queue(house, { kind: 'SESSION_REUSED', to });
  assert.is(await startAuthProcess(house, { MOA_CRASH_AT: 'mail.sent' }).ended, 'SIGKILL');
  assert.is((await mails(to)).length, 1);
  assert.is((await waiting(house)).length, 1);

  const copy = await house.start();
  // Nobody takes it over while it may be under way.
  const other = someone();
  await queue(house, { kind: 'PASSWORD_CHANGED', to: other });
  await mails(other);
  assert.is((await waiting(house)).filter(({ kind }) => kind === 'SESSION_REUSED').length, 1);

  bed.shiftClock(LATER_MS);
  await settled();
  assert.is(await triesOf(copy, 'sent'), 2);
  assert.is((await mailbox.mailsSoFar(to)).length, 1);
  await copy.stop();
});

test('what a server refuses is tried for a day, then given up, and the log does not say to whom it was', async () => {
  const server = await startRefusing();
  const to = someone();
  const id = await queue(house, { kind: 'SIGN_IN_METHOD_CHANGED', what: 'SECOND_FACTOR_ADDED', to });
  const auth = startAuthProcess(house, { SMTP_URL: `smtp://127.0.0.1:${server.port}` });
  await triedTimes(1);
  bed.shiftClock(DAY_MS - LATER_MS);
  await triedTimes(2);
  bed.shiftClock(LATER_MS);
  await settled();
  await auth.stop();
  server.close();

  const lines = auth
    .said()
    .split('\n')
    .filter((line) => line.includes(id));
  assert.match(lines[0]!, '"msg":"mail not sent"');
  assert.match(lines.at(-1)!, /"level":"error".*"answer":550.*"msg":"mail given up"/);
  assert.not.ok(auth.said().includes(to));
});

test('a mail that another key sealed holds up no other', async () => {
  const [lost, to] = [someone(), someone()];
  const foreign = { ...house, environment: { ...house.environment, KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') } };
  await queue(foreign, { kind: 'PASSWORD_CHANGED', to: lost });
  await queue(house, { kind: 'PASSWORD_CHANGED', to });
  const copy = await house.start();
  await mails(to);
  await triedTimes(1);
  assert.equal(await mailbox.mailsSoFar(lost), []);
  await copy.stop();
});

test('a server elsewhere gets nothing without TLS', async () => {
  // Another spelling of this machine, which nobody knows to be one.
  const url = mailbox.smtpUrl.replace('127.0.0.1', '[::ffff:127.0.0.1]');
  const closers: (() => Promise<void> | void)[] = [];
  const sendOut = openSmtp(new Secret(url), 'no-reply@moa.example', { onStop: (close) => void closers.push(close) });
  const to = someone();
  const mail = { id: randomUUID(), to, time: bed.now(), subject: 'secret', text: 'secret' };
  const error = await sendOut(mail).catch((refusal) => refusal);
  assert.is(error?.code, 'ETLS');
  assert.equal(await mailbox.mailsSoFar(to), []);
  for (const close of closers) await close();
});

test.after(house.close);
test.run();
