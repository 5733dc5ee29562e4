import type { JobRun } from '@moa/kit';
import type { Context } from '../service.js';
import { retryCharges } from '../store/charges.js';

const BATCH = 100;

/** Refused charges are tried again when they are due. */
export const retryRefused =
  ({ db }: Context, send: () => void) =>
  async (run: JobRun) => {
    while (!run.signal.aborted && (await retryCharges(db, run, BATCH)) > 0) send();
  };
