// Counting that many ask for at once: each waits for a count that began after it asked, and all that wait share one.

/** Counts what has this key. */
export type Counter = (key: string) => Promise<void>;

export function sharedCounter(count: Counter): Counter {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  return (key) => {
    const current = running.get(key);
    if (!current) return start(key);
    let next = waiting.get(key);
    if (!next) {
      next = current
        .catch(() => {})
        .then(() => {
          waiting.delete(key);
          return start(key);
        });
      waiting.set(key, next);
    }
    return next;
  };

  function start(key: string): Promise<void> {
    const run = count(key).finally(() => running.delete(key));
    running.set(key, run);
    return run;
  }
}
