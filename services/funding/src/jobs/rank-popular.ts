import type { JobRun } from '@moa/kit';
import type { Context } from '../service.js';
import { rankProjects } from '../store/projects.js';

// Small, because hot projects wait while it runs.
const BATCH = 20;

/** Brings the popular list up to what has been raised. */
export const rankPopular =
  ({ db }: Context) =>
  async ({ signal }: JobRun) => {
    while (!signal.aborted && (await rankProjects(db.client, BATCH)) === BATCH);
  };
