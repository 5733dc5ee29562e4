import type { JobRun } from '@moa/kit';
import { REFUND_WINDOW_MS } from '../domain/fulfilment.js';
import type { Context } from '../service.js';
import { eraseAddresses as erase } from '../store/closed-accounts.js';

const BATCH = 500;

/** Of people who have gone: an address is forgotten when nothing is sent there, or may come back from there, any more. */
export const eraseAddresses =
  ({ db }: Context) =>
  async (run: JobRun) => {
    while (!run.signal.aborted && (await erase(db, run, REFUND_WINDOW_MS, BATCH)) === BATCH);
  };
