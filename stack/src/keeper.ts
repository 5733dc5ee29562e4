// Keeps one process running: starts it again when it ends, at once the first time and then ever more slowly.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from './servers/process.js';

const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 10_000;
/** Who ran this long starts over with the shortest pause. */
const GOOD_AFTER_MS = 30_000;

export interface Unit {
  readonly name: string;
  /** What has to be ready before it starts, and stops after it. */
  readonly needs: readonly string[];
  /** Resolves when the process is ready; ends it and throws when the signal aborts before. */
  readonly start: (signal: AbortSignal) => Promise<ServerProcess>;
}

export interface Status {
  readonly name: string;
  readonly state: 'starting' | 'up' | 'waiting' | 'stopped';
  readonly pid: number | undefined;
  readonly restarts: number;
}

export interface Keeper {
  /** Resolves when it is ready. Throws when the first start fails. */
  start(): Promise<void>;
  /** For good. */
  stop(): Promise<void>;
  /** Resolves when another process is ready. */
  restart(): Promise<void>;
  /** SIGKILL; it starts again as after any death. Resolves when it is dead. */
  kill(): Promise<void>;
  isUp(): Promise<void>;
  status(): Status;
}

export function keep(unit: Unit, say: (message: string) => void): Keeper {
  let state: Status['state'] = 'stopped';
  let process: ServerProcess | undefined;
  let restarts = 0;
  let ending = new AbortController();
  let pause = new AbortController();
  let life: Promise<void> = Promise.resolve();
  const watchers = new Set<() => void>();

  return {
    async start() {
      ending = new AbortController();
      await begin();
      life = keepUp();
    },
    async stop() {
      ending.abort();
      pause.abort();
      await process?.stop();
      await life;
      change('stopped');
    },
    async restart() {
      const before = process?.pid;
      pause.abort();
      await process?.stop();
      await when(() => state === 'up' && process?.pid !== before);
    },
    kill: async () => process?.kill(),
    isUp: () => when(() => state === 'up'),
    status: () => ({ name: unit.name, state, pid: state === 'up' ? process?.pid : undefined, restarts }),
  };

  async function begin(): Promise<void> {
    change('starting');
    process = await unit.start(ending.signal);
    // It was ready in the moment in which it was stopped, and whoever stops it did not know of it.
    if (ending.signal.aborted) await process.stop();
    else change('up');
  }

  async function keepUp(): Promise<void> {
    let backoffMs = BACKOFF_FIRST_MS;
    for (;;) {
      const beganMs = performance.now();
      const how = await process?.ended;
      if (ending.signal.aborted) return;
      process = undefined;
      change('waiting');
      if (how) say(`ended with ${how}; it is started again`);
      if (performance.now() - beganMs > GOOD_AFTER_MS) backoffMs = BACKOFF_FIRST_MS;
      await sleep(backoffMs, undefined, { signal: pause.signal }).catch(() => {});
      pause = new AbortController();
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
      try {
        await begin();
        restarts++;
        say('is up again');
      } catch (error) {
        if (ending.signal.aborted) return;
        say((error as { explained?: string }).explained ?? String(error));
      }
    }
  }

  function change(to: Status['state']): void {
    state = to;
    for (const tell of watchers) tell();
  }

  function when(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const tell = () => {
        if (!condition()) return;
        watchers.delete(tell);
        resolve();
      };
      watchers.add(tell);
      tell();
    });
  }
}
