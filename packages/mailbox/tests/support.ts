// A mailbox of its own for one test file, and a sender.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Message } from '../src/messages.js';

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'moa-mailbox-'));
export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

export const mail = (more: SendMailOptions = {}): SendMailOptions => ({
  from: 'Moa <no-reply@moa.example>',
  to: 'somebody@moa.example',
  subject: '안녕하세요',
  text: '본문입니다.\nA second line.\n',
  ...more,
});

/** Sends over a connection of its own. */
export function send(smtpUrl: string, message: SendMailOptions) {
  return createTransport(smtpUrl).sendMail(message);
}

export async function messagesAt(url: string, to?: string): Promise<Message[]> {
  const response = await fetch(`${url}/messages${to === undefined ? '' : `?to=${encodeURIComponent(to)}`}`);
  return ((await response.json()) as { messages: Message[] }).messages;
}

export interface MailboxProcess {
  readonly smtpUrl: string;
  readonly url: string;
  /** SIGKILL, or what is given; resolves with the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The mailbox as a process of its own, to be killed. */
export async function startProcess(dataFolder: string): Promise<MailboxProcess> {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, DATA_FOLDER: dataFolder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const [smtpUrl, url] = [/smtp:[^\s,]+/.exec(line)?.[0], /http:\S+/.exec(line)?.[0]];
    if (!smtpUrl || !url) continue;
    return {
      smtpUrl,
      url,
      end(signal = 'SIGKILL') {
        child.kill(signal);
        return exited;
      },
    };
  }
  throw new Error('the mailbox did not start');
}
