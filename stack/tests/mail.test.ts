import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMailbox } from '@moa/mailbox';
import { createTransport } from 'nodemailer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readMail } from '../src/mail.js';

const dataFolder = mkdtempSync(join(tmpdir(), 'moa-mail-'));
const mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, dataFolder });
const send = (to: string, subject: string, text = '코드\n\nabc-123\n') =>
  createTransport(mailbox.smtpUrl).sendMail({ from: 'no-reply@moa.example', to, subject, text, date: new Date('2030-01-02T03:04:05Z') });

test('mail is shown as one reads it, and the newest stands last', async () => {
  for (const subject of ['first', 'second']) await send('a@moa.example', subject);
  await send('b@moa.example', 'another’s');
  const shown = (subject: string) => `To: a@moa.example\nSubject: ${subject}\nTime: 2030-01-02T03:04:05.000Z\n\n코드\n\nabc-123`;
  assert.is(await readMail({ mailbox }, 'a@moa.example'), `${shown('first')}\n\n${shown('second')}`);
  assert.match(await readMail({ mailbox }, ''), 'another’s');
});

test('what a mail says does not steer the terminal', async () => {
  await send('c@moa.example', 'c', 'red: \u001b[31m, bell: \u0007');
  assert.match(await readMail({ mailbox }, 'c@moa.example'), 'red: [31m, bell: ');
});

test('where nothing came, or nothing can come, it says so', async () => {
  assert.is(await readMail({ mailbox }, 'nobody@moa.example'), 'No mail for nobody@moa.example.');
  assert.match(await readMail({}, '').catch(String), 'MOA_SMTP_URL');
});

test.after(async () => {
  await mailbox.stop();
  rmSync(dataFolder, { recursive: true, force: true });
});
test.run();
