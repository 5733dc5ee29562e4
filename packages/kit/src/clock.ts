// The one clock. Real in production; elsewhere shifted by an offset that the stack keeps in a file, so that a demo crosses weeks.
import { readFileSync, statSync } from 'node:fs';

export interface Clock {
  /** The time for every rule, row and token. Deadlines and timers use the machine's own. */
  now(): Date;
}

export const realClock: Clock = { now: () => new Date() };

/** A clock that is ahead by {"offsetMs": n} of a file; a change counts from the next reading on. No file: no offset. */
export function shiftedClock(file: string): Clock {
  let readAtMs = -1;
  let offsetMs = 0;
  return {
    now() {
      const changedAtMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (changedAtMs !== readAtMs) {
        offsetMs = changedAtMs === 0 ? 0 : (JSON.parse(readFileSync(file, 'utf8')) as { offsetMs: number }).offsetMs;
        readAtMs = changedAtMs;
      }
      return new Date(Date.now() + offsetMs);
    },
  };
}
