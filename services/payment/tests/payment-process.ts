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
}

// Starts payment, which dies at the crash point.
async function startPaymentProcess(stand: Stand, crashAt: string, more: Record<string, string>): Promise<PaymentProcess> {
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      ...(await stand.environment()),
      ...IMPATIENT,
      ...more,
      LOG_LEVEL: 'info',
      MOA_CRASH_AT: crashAt,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  return { address: await readyAddress(child), ended };
}

async function readyAddress(child: ChildProcess): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { msg, address } = JSON.parse(line) as { msg?: string; address?: string };
    if (msg !== 'ready' || !address) continue;
    child.stdout?.resume();
    return address;
  }
  return undefined;
}
