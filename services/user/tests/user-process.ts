// The user service as a process of its own, to be killed (SIGKILL), also at a named point.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

export interface UserProcess {
  /** Undefined when it died before it listened. */
  readonly address: string | undefined;
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly kill: () => void;
}

/** Starts it, and waits until it listens or has ended. With a crash point, it dies there. */
export async function startUserProcess(environment: Record<string, string>, crashAt = ''): Promise<UserProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], ...environment, LOG_LEVEL: 'info', ...(crashAt && { MOA_CRASH_AT: crashAt }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  const address = await new Promise<string | undefined>((resolve) => {
    const output = createInterface({ input: child.stdout });
    output.on('line', (line) => {
      const { msg, address: listensAt } = JSON.parse(line) as { msg?: string; address?: string };
      if (msg === 'ready') resolve(listensAt);
    });
    output.once('close', () => resolve(undefined));
  });
  return { address, ended, kill: () => void child.kill('SIGKILL') };
}
