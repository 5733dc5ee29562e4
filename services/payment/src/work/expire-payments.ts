import { type JobRun, originAt } from '@moa/kit';
import type { Context } from '../service.js';
import { expireUnpaid } from '../store/instant-payments.js';

const AT_ONCE = 100;

/** Ends payments of orders whose time is over. What the provider approves of them until it is told is given back. */
export const expirePayments =
  (context: Context) =>
  async ({ at }: JobRun): Promise<void> => {
    while ((await expireUnpaid(context.db, originAt(at), AT_ONCE)) === AT_ONCE);
    context.wakeCloses();
  };
