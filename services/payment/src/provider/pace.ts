import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /** Waits for a turn, no longer than this. False when it would not come in time: then it is not taken. */
  turn(withinMs: number): Promise<boolean>;
  /** Nobody gets a turn for so long: the provider has had enough. */
  holdBack(ms: number): void;
}

/** Lets one caller pass at a time, so many a second. All calls of a provider share one. */
export function makePace(perSecond: number): Pace {
  const gapMs = 1_000 / perSecond;
  let nextTurnMs = 0;
  return {
    async turn(withinMs) {
      const nowMs = performance.now();
      const turnMs = Math.max(nowMs, nextTurnMs);
      if (turnMs - nowMs > withinMs) return false;
      nextTurnMs = turnMs + gapMs;
      if (turnMs > nowMs) await sleep(turnMs - nowMs);
      return true;
    },
    holdBack(ms) {
      nextTurnMs = Math.max(nextTurnMs, performance.now() + ms);
    },
  };
}
