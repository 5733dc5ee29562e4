import { setTimeout as sleep } from 'node:timers/promises';

/** Lets one caller pass at a time, so many a second: a turn is waited for, never lost. */
export function makePace(perSecond: number): () => Promise<void> {
  const gapMs = 1_000 / perSecond;
  let nextTurnMs = 0;
  return async () => {
    const nowMs = performance.now();
    const turnMs = Math.max(nowMs, nextTurnMs);
    nextTurnMs = turnMs + gapMs;
    if (turnMs > nowMs) await sleep(turnMs - nowMs);
  };
}
