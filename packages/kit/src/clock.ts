// The one clock. Real in production; elsewhere shifted by an offset that the stack keeps in a file, so that a demo crosses weeks.
import { readFileSync, statSync } from 'node:fs';

export interface Clock {
  /** The time for every rule, row and token. Deadlines and timers use the machine's own. */
  now(): Date;
}

// How coarse the times of files may be.
const TIMESTAMP_STEP_MS = 20;

export const realClock: Clock = { now: () => new Date() };

/** A clock that is ahead by {"offsetMs": n} of a file; a change counts from the next reading on. No file: no offset. */
export function shiftedClock(file: string): Clock {
  let readChangeMs = -1;
  let offsetMs = 0;
  return {
    now() {
      const changedAtMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (changedAtMs !== readChangeMs) {
        offsetMs = changedAtMs === 0 ? 0 : (JSON.parse(readFileSync(file, 'utf8')) as { offsetMs: number }).offsetMs;
        // A fresh file is read again: another change may still get the same time.
        readChangeMs = Date.now() - changedAtMs > TIMESTAMP_STEP_MS ? changedAtMs : -1;
      }
      return new Date(Date.now() + offsetMs);
    },
  };
}
