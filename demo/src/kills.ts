// Kills a service every few seconds while the story goes on; the supervisor starts it again.
import { setTimeout as sleep } from 'node:timers/promises';
import { printLine } from './print.js';
import type { Random } from './random.js';
import type { OwnStack } from './stack.js';

const LEAST_PAUSE_MS = 3_000;
const MOST_PAUSE_MS = 6_000;

export interface Kills {
  /** Waits until everything is up again; how many there were. */
  stop(): Promise<number>;
}

export function startKills(stack: OwnStack, random: Random): Kills {
  const services = Object.keys(stack.addresses);
  const stopping = new AbortController();
  let count = 0;

  async function run(): Promise<void> {
    for (;;) {
      await sleep(random.whole(LEAST_PAUSE_MS, MOST_PAUSE_MS), undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      const name = random.pick(services);
      if (stack.status().find((unit) => unit.name === name)?.state !== 'up') continue;
      count += 1;
      printLine(`kill -9 of ${name} (${count})`);
      await stack.kill(name);
    }
  }
  const ended = run();

  return {
    async stop() {
      stopping.abort();
      await ended;
      await Promise.all(services.map((name) => stack.isUp(name)));
      return count;
    },
  };
}
