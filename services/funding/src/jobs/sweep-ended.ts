import { crashPoint, type JobRun } from '@moa/kit';
import type { Context } from '../service.js';
import { sweepPledges } from '../store/charges.js';

const BATCH = 100;

/** Pledges of ended projects are charged or released, batch by batch: however many there are, no more than one is held in memory. */
export const sweepEnded =
  ({ db }: Context, send: () => void) =>
  async (run: JobRun) => {
    while (!run.signal.aborted && (await sweepPledges(db, run, BATCH)) !== null) {
      crashPoint('funding.sweep.committed');
      send();
    }
  };
