import { crashPoint, type Host, type JobRun, type Origin } from '@moa/kit';
import type { Context } from '../service.js';
import { leaseGiveBacks } from '../store/give-backs.js';
import { giveBack } from '../work/give-back.js';

const BATCH = 50;
const AT_ONCE = 8;
// Not shorter than payment, points and coupons together may take to answer, with all that come before it in the batch.
const LEASE_MS = 120_000;

/** What was paid for lines that were taken back is given back, and asked for again until it is. */
export const sendGiveBacks =
  (context: Context, { clock, log }: Pick<Host, 'clock' | 'log'>) =>
  async (run: JobRun) => {
    for (;;) {
      if (run.signal.aborted) return;
      const now: Origin = { at: clock.now(), trace: run.trace };
      const due = await leaseGiveBacks(context.db, now, BATCH, LEASE_MS);
      if (due.length === 0) return;
      crashPoint('purchase.give-back.leased');
      const left = [...due];
      const work = async () => {
        for (let next = left.shift(); next; next = left.shift()) await giveBack(context, now, next, log);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    }
  };
