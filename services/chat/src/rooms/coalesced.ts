// Work that is about a room as it is: asked for again while it is under way, it is done once more afterwards, and not once for each time.

export interface Coalesced {
  ask(key: string): void;
  /** Resolves when nothing is under way. */
  drain(): Promise<void>;
}

/** A failure is left: whoever asks next does it. */
export function coalesced(work: (key: string) => Promise<void>): Coalesced {
  const running = new Map<string, Promise<void>>();
  const asked = new Set<string>();

  return {
    ask(key) {
      asked.add(key);
      if (!running.has(key)) running.set(key, run(key));
    },
    async drain() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };

  async function run(key: string): Promise<void> {
    while (asked.delete(key)) await work(key).catch(() => {});
    running.delete(key);
  }
}
