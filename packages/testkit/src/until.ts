import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;
// So long only where the condition is never true: machines may be slow, and a test waits no longer than it has to.
const WITHIN_MS = 60_000;

type Falsy = false | null | undefined | 0 | '';

/** Waits until a condition gives something true, and gives that. Throws after `withinMs`, with the last error if there was one. */
export async function until<T>(condition: () => T | Promise<T>, withinMs = WITHIN_MS): Promise<Exclude<T, Falsy>> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    let failure: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, Falsy>;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${condition}`, { cause: failure });
    await sleep(POLL_MS);
  }
}
