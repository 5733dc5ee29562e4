// Work that comes round by itself. Several copies of a service run it: what only one may do is claimed in the database.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.js';
import type { Logger } from './log.js';
import { type Origin, originAt } from './origin.js';

export interface JobRun extends Origin {
  /** Aborts when the service stops: finish the item at hand, and leave the rest. */
  readonly signal: AbortSignal;
}

export interface Job {
  /** Runs it now, or once more if it runs already. */
  wake(): void;
  stop(): Promise<void>;
}

/** Runs `work` again and again, `everyMs` after it ended, never twice at once. An error is logged, and it goes on. */
export function startJob(name: string, everyMs: number, clock: Clock, log: Logger, work: (run: JobRun) => Promise<void>): Job {
  const stopping = new AbortController();
  let waiting = new AbortController();
  let isWoken = false;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      isWoken = false;
      try {
        await work({ ...originAt(clock.now()), signal: stopping.signal });
      } catch (error) {
        if (!stopping.signal.aborted) log.error({ job: name, err: error }, 'job failed');
      }
      waiting = new AbortController();
      if (!isWoken && !stopping.signal.aborted) await sleep(everyMs, undefined, { signal: waiting.signal }).catch(() => {});
    }
  }
  const ended = run();

  const wake = () => {
    isWoken = true;
    waiting.abort();
  };
  return {
    wake,
    async stop() {
      stopping.abort();
      wake();
      await ended;
    },
  };
}
