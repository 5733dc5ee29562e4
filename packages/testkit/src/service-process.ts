// A service as a process of its own, to be killed (SIGKILL), also at a named point.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const children: ChildProcess[] = [];

export interface ServiceProcess {
  /** Where it listens; stays open when it dies before. */
  readonly address: Promise<string>;
  kill(): void;
  /** Asks it to end, and waits for it. */
  stop(): Promise<void>;
  /** Waits for its end, and says what ended it. */
  killed(): Promise<NodeJS.Signals | null>;
}

/** `main` is the service's compiled main. Started with a crash point, it dies there. */
export function spawnService(main: URL, environment: Readonly<Record<string, string>>, crashAt = ''): ServiceProcess {
  const child = spawn(process.execPath, [fileURLToPath(main)], {
    env: { PATH: process.env['PATH'], ...environment, LOG_LEVEL: 'info', ...(crashAt && { MOA_CRASH_AT: crashAt }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const address = new Promise<string>((resolve) => {
    createInterface(child.stdout!).on('line', (line) => {
      const { msg, address } = JSON.parse(line);
      if (msg === 'ready') resolve(address);
    });
  });
  return {
    address,
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
    killed: async () => (await exit)[1],
  };
}

/** For the end of a test file: nothing stays behind, also when a test has failed. */
export function killServices(): void {
  for (const child of children) child.kill('SIGKILL');
}
