import type { JobRun } from '@moa/kit';
import { completedByTime, RETURN_WINDOW_MS } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { findDeliveredBefore } from '../store/order-lists.js';
import { changeDueOrders } from '../store/order-steps.js';

/** What cannot be returned any more is completed. */
export const completeDelivered =
  ({ db }: Context) =>
  (run: JobRun) => {
    const before = new Date(run.at.getTime() - RETURN_WINDOW_MS);
    return changeDueOrders(
      db,
      run,
      (most) => findDeliveredBefore(db.client, before, most),
      (order) => completedByTime(order, run.at),
    );
  };
