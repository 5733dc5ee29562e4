import type { JobRun } from '@moa/kit';
import type { Context } from '../service.js';
import { leaseCheckouts } from '../store/checkouts.js';
import { tryToGoOn } from '../work/checkout.js';

const BATCH = 50;
const AT_ONCE = 8;

/** Checkouts that were paid are committed, and those that came to nothing undone, whoever left them behind. */
export const goOnWithCheckouts = (context: Context) => async (run: JobRun) => {
  for (;;) {
    if (run.signal.aborted) return;
    const due = await leaseCheckouts(context.db, run, BATCH);
    if (due.length === 0) return;
    const left = [...due];
    const work = async () => {
      for (let orderId = left.shift(); orderId; orderId = left.shift()) await tryToGoOn(context, run, orderId);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
};
