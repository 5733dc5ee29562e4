import type { JobRun } from '@moa/kit';
import type { Context } from '../service.js';
import { countSales as countBatch } from '../store/products.js';

// Small, because what orders change of the same products waits while it runs.
const BATCH = 200;

/** Brings the popular list up to what was sold. */
export const countSales =
  ({ db }: Context) =>
  async ({ signal }: JobRun) => {
    while (!signal.aborted && (await countBatch(db.client, BATCH)) === BATCH);
  };
