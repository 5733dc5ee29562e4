// Payment as a process of its own, to be killed (SIGKILL) at a named point. What is proven is about processes, not about fsync: the page cache stays.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { type Clients, errorOf, IMPATIENT, type Stand } from './support.js';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));

/** Runs payment as a process of its own, which dies at this point. Gives the error of the work, whose answer may never come. */
export async function killedAt(
  stand: Stand,
  point: string,
  work: (clients: Clients, address: string) => Promise<unknown>,
  more: Record<string, string> = {},
): Promise<unknown> {
  const payment = await startPaymentProcess(stand, point, more);
  // It may find work, and die of it, before it listens.
  const error = payment.address && (await errorOf(work(stand.clients(payment.address), payment.address)));
  assert.is(await payment.ended, 'SIGKILL', `killed at ${point}`);
  return error;
}

/** Runs payment in this process, and nothing kills it. */
export async function running<T>(
  stand: Stand,
  work: (clients: Clients, address: string) => Promise<T>,
  more: Record<string, string> = {},
): Promise<T> {
  const payment = await stand.start({ ...IMPATIENT, ...more });
  try {
    return await work(stand.clients(payment.address), payment.address);
  } finally {
    await payment.stop();
  }
}

interface PaymentProcess {
  readonly address: string | undefined;
  /** Resolves with the signal that ended it; SIGKILL at a crash point. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** All that it has said so far. */
  readonly said: () => string;
  readonly stop: () => void;
}

/** Starts payment as a process of its own, with more variables. With a crash point, it dies there. */
export async function startPaymentProcess(stand: Stand, crashAt = '', more: Record<string, string> = {}): Promise<PaymentProcess> {
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      ...(await stand.environment()),
      ...IMPATIENT,
      LOG_LEVEL: 'debug',
      ...(crashAt && { MOA_CRASH_AT: crashAt }),
      ...more,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  return { address: await readyAddress(child, lines), ended, said: () => lines.join('\n'), stop: () => void child.kill() };
}

// Goes on listening after it is ready.
function readyAddress(child: ChildProcess, lines: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const output = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    output.on('line', (line) => {
      lines.push(line);
      const { msg, address } = JSON.parse(line) as { msg?: string; address?: string };
      if (msg === 'ready' && address) resolve(address);
    });
    output.once('close', () => resolve(undefined));
  });
}
