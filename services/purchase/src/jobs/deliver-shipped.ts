import type { JobRun } from '@moa/kit';
import { DELIVERED_AFTER_MS, deliveredByTime } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { findShippedBefore } from '../store/order-lists.js';
import { changeDueOrders } from '../store/order-steps.js';

/** Parcels that nobody confirmed in time count as delivered. */
export const deliverShipped =
  ({ db }: Context) =>
  (run: JobRun) => {
    const before = new Date(run.at.getTime() - DELIVERED_AFTER_MS);
    return changeDueOrders(
      db,
      run,
      (most) => findShippedBefore(db.client, before, most),
      (order) => deliveredByTime(order, run.at),
    );
  };
