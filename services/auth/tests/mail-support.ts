// Mail queued as an SQL function would queue it, what waits, and auth as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { originAt, Secret, sqlCall } from '@moa/kit';
import type { Mail } from '../src/domain/mail.js';
import { mailOf } from '../src/mail/queued-mail.js';
import type { openAuth } from './support.js';

type House = Awaited<ReturnType<typeof openAuth>>;

/** Gives the mail's id. Nobody is woken: the job finds it. */
export async function queue({ bed, database, environment }: House, mail: Mail): Promise<string> {
  const { id, kind, sealedBody } = mailOf(new Secret(environment.KEY_ENCRYPTION_KEY), mail);
  await database.query('SELECT queue_mail($1, $2, $3, $4)', [sqlCall(originAt(bed.now())), id, kind, sealedBody]);
  return id;
}

export interface WaitingMail {
  readonly id: string;
  readonly kind: string;
  readonly sealed_body: Buffer;
  readonly tries: number;
}

export const waiting = async ({ database }: House): Promise<WaitingMail[]> =>
  (await database.query<WaitingMail>('SELECT id, kind, sealed_body, tries FROM mail ORDER BY id')).rows;

/** How often a copy's tries had an outcome. */
export async function triesOf({ metricsAddress }: { metricsAddress: string }, outcome: string): Promise<number> {
  const text = await (await fetch(`http://${metricsAddress}/metrics`)).text();
  return Number(text.match(new RegExp(`^moa_mails_total\\{outcome="${outcome}".*\\} (\\d+)$`, 'm'))?.[1] ?? 0);
}

export interface AuthProcess {
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** What it has logged, all in one. */
  readonly said: () => string;
  stop(): Promise<unknown>;
}

/** Auth as a process of its own, to be killed at a crash point, or for its log to be read. */
export function startAuthProcess({ environment }: House, changes: Record<string, string>): AuthProcess {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], ...environment, LOG_LEVEL: 'debug', ...changes },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  let said = '';
  child.stdout!.on('data', (chunk) => {
    said += chunk;
  });
  return {
    ended,
    said: () => said,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** An SMTP server that refuses every recipient, and names him. */
export async function startRefusing() {
  const server = createServer(async (socket) => {
    socket.on('error', () => {});
    socket.write('220 refusing\r\n');
    for await (const line of createInterface({ input: socket })) {
      socket.write(line.startsWith('RCPT') ? `550 ${line.slice('RCPT TO:'.length)} is nobody here\r\n` : '250 ok\r\n');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
