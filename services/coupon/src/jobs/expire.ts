import type { JobRun } from '@moa/kit';
import type { Context } from '../service.js';
import { expireDue } from '../store/holders.js';

const BATCH = 200;
// Whoever commits at the last moment is let through.
const GRACE_MS = 60_000;

/** Holders that were forgotten give back what they hold, and coupons whose time is over end. */
export const expire =
  ({ db }: Context) =>
  async (run: JobRun) => {
    while (!run.signal.aborted && (await expireDue(db, run, BATCH, GRACE_MS)) > 0);
  };
