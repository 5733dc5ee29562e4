import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readMailboxConfig } from '../src/config.js';
import { MESSAGES_SHOWN } from '../src/http.js';
import { startMailbox } from '../src/mailbox.js';
import { MESSAGE_BYTES_AT_MOST } from '../src/smtp.js';
import { mail, messagesAt, removeFolder, send, temporaryFolder } from './support.js';

const folder = await temporaryFolder();
const mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataFolder: folder });
const test = suite('mailbox');

test('shows what was sent, as it was meant to be read', async () => {
  const date = new Date('2031-05-06T07:08:09Z');
  const { messageId } = await send(mailbox.smtpUrl, mail({ to: 'shown@moa.example', date }));
  assert.equal(await messagesAt(mailbox.url, 'shown@moa.example'), [
    {
      id: messageId.slice(1, -1),
      from: 'no-reply@moa.example',
      to: ['shown@moa.example'],
      subject: '안녕하세요',
      text: '본문입니다.\nA second line.\n',
      time: date.toISOString(),
    },
  ]);
});

test('shows the newest first, and to each address what went to it, however it is written', async () => {
  for (const subject of ['first', 'second']) await send(mailbox.smtpUrl, mail({ to: 'One@moa.example', bcc: 'two@moa.example', subject }));
  await send(mailbox.smtpUrl, mail({ to: 'two@moa.example', subject: 'third' }));
  const subjects = async (to?: string) => (await messagesAt(mailbox.url, to)).map(({ subject }) => subject);
  assert.equal(await subjects('one@MOA.example'), ['second', 'first']);
  assert.equal(await subjects('two@moa.example'), ['third', 'second', 'first']);
  assert.equal(await subjects('nobody@moa.example'), []);
  assert.equal((await subjects()).slice(0, 3), ['third', 'second', 'first']);
});

test('the same Message-ID twenty times at once is shown once', async () => {
  const message = mail({ to: 'twice@moa.example', messageId: '<twice@moa.example>' });
  await Promise.all(Array.from({ length: 20 }, () => send(mailbox.smtpUrl, message)));
  assert.is((await messagesAt(mailbox.url, 'twice@moa.example')).length, 1);
});

test('mail without Message-ID and date is kept, too', async () => {
  await talk('bare@moa.example', 'Subject: bare\r\n\r\nhello\r\n');
  const [message] = await messagesAt(mailbox.url, 'bare@moa.example');
  assert.is(message?.subject, 'bare');
  assert.is(message?.from, 'a@moa.example');
});

test('refuses what is too large, told beforehand or not', async () => {
  const text = 'x'
    .repeat(70)
    .concat('\n')
    .repeat(Math.ceil(MESSAGE_BYTES_AT_MOST / 70));
  const refused = await send(mailbox.smtpUrl, mail({ to: 'large@moa.example', text })).catch((error) => error);
  assert.is(refused.responseCode, 552);

  assert.match(await talk('large@moa.example', `\r\n${text.replaceAll('\n', '\r\n')}`), /^552 /m);
  assert.equal(await messagesAt(mailbox.url, 'large@moa.example'), []);
});

test('answers no more than a screenful', async () => {
  const to = 'many@moa.example';
  const sending = Array.from({ length: 10 }, async () => {
    for (let nth = 0; nth < 11; nth++) await send(mailbox.smtpUrl, mail({ to }));
  });
  await Promise.all(sending);
  assert.is((await messagesAt(mailbox.url, to)).length, MESSAGES_SHOWN);
});

test('is read by its own name only, and only at its own places', async () => {
  assert.is(await statusOf('/healthz'), 200);
  assert.is(await statusOf('/messages', 'localhost'), 200);
  assert.is(await statusOf('/messages', 'rebound.example'), 403);
  assert.is(await statusOf('/elsewhere'), 404);
  assert.is((await fetch(`${mailbox.url}/messages`, { method: 'POST' })).status, 404);
});

test('its environment is checked, and all that is wrong is told at once', () => {
  assert.equal(readMailboxConfig({ DATA_FOLDER: '/data', SMTP_PORT: '2525' }), { smtpPort: 2525, httpPort: 0, dataFolder: '/data' });
  assert.throws(() => readMailboxConfig({ HTTP_PORT: 'x' }), /HTTP_PORT is not a port|DATA_FOLDER is not set; HTTP_PORT/);
});

/** Sends as no library would, step by step, and gives all answers. */
async function talk(to: string, message: string): Promise<string> {
  const socket = connect(Number(new URL(mailbox.smtpUrl).port), '127.0.0.1');
  const answers: string[] = [];
  const steps = ['HELO x', 'MAIL FROM:<a@moa.example>', `RCPT TO:<${to}>`, 'DATA', `${message}.`, 'QUIT'];
  for await (const answer of createInterface({ input: socket })) {
    answers.push(answer);
    const step = steps.shift();
    if (step !== undefined) socket.write(`${step}\r\n`);
  }
  return answers.join('\n');
}

// `fetch` does not let a caller choose the host.
async function statusOf(path: string, host = '127.0.0.1'): Promise<number> {
  const asked = request(`${mailbox.url}${path}`, { headers: { host, connection: 'close' } }).end();
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

test.after(async () => {
  await mailbox.stop();
  await removeFolder(folder);
});
test.run();
