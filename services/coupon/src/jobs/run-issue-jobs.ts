import { randomBytes } from 'node:crypto';
import { crashPoint, type JobRun } from '@moa/kit';
import { CODE_BYTES, codeOf } from '../domain/code.js';
import type { Context } from '../service.js';
import { addCodes, issueNext, listRunningJobs } from '../store/issue.js';

const PEOPLE_AT_ONCE = 500;
const CODES_AT_ONCE = 2_000;
const JOBS_AT_ONCE = 5;

/** Serves lists and makes codes, a batch in a transaction each: what was done is done, and what was not is done by whoever comes next. */
export const runIssueJobs =
  ({ db }: Context) =>
  async (run: JobRun) => {
    for (;;) {
      const jobs = await listRunningJobs(db.client, JOBS_AT_ONCE);
      let done = 0;
      for (const { id, kind } of jobs) {
        if (run.signal.aborted) return;
        if (kind === 'LIST') done += await issueNext(db, run, id, PEOPLE_AT_ONCE);
        else {
          await addCodes(
            db,
            run,
            id,
            Array.from({ length: CODES_AT_ONCE }, () => codeOf(randomBytes(CODE_BYTES))),
          );
          done += CODES_AT_ONCE;
        }
        crashPoint('coupon.issue.batch');
      }
      if (done === 0) return;
    }
  };
