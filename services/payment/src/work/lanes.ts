// Works off what is due, several at a time. A lane that finds something opens the next one: idle, one lane looks; busy, all are at work.
import type { Host } from '@moa/kit';

export interface Lanes {
  /** Something may be due. */
  wake(): void;
  /** Takes nothing more, and waits for what is under way. */
  stop(): Promise<void>;
}

export function openLanes<T>(log: Host['log'], most: number, claim: () => Promise<T | undefined>, work: (item: T) => Promise<void>): Lanes {
  const open = new Set<Promise<void>>();
  let stopping = false;

  function wake(): void {
    if (stopping || open.size >= most) return;
    const lane = workOff()
      .catch((error) => log.error({ err: error }, 'work failed'))
      .finally(() => open.delete(lane));
    open.add(lane);
  }

  async function workOff(): Promise<void> {
    while (!stopping) {
      const item = await claim();
      if (item === undefined) return;
      wake();
      await work(item);
    }
  }

  return {
    wake,
    async stop() {
      stopping = true;
      await Promise.all(open);
    },
  };
}
