import type { JobRun } from '@moa/kit';
import { DELIVERED_AFTER_MS } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { deliverShipped as deliver } from '../store/fulfilment.js';

const BATCH = 100;

/** Parcels that nobody confirmed in time count as delivered. */
export const deliverShipped =
  ({ db }: Context) =>
  async (run: JobRun) => {
    const shippedBefore = new Date(run.at.getTime() - DELIVERED_AFTER_MS);
    while (!run.signal.aborted && (await deliver(db, run, shippedBefore, BATCH)) === BATCH);
  };
