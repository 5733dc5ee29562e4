// What comes round by itself. Each step looks again at what it found once it has the person's row, so any number of copies may run.
import type { Host, JobRun } from '@moa/kit';
import { expiringHorizon, HOLD_GRACE_MS } from '../domain/points.js';
import type { Context } from '../service.js';
import { listDueHolders, listExpired, listToWarn } from '../store/point-lists.js';
import { expirePoints, releasePoints, tellExpiringPoints } from '../store/points.js';

const EVERY_MS = 1_000;
const AT_ONCE = 100;

export function startPointJobs(host: Host, { db }: Context): void {
  host.job('release-holds', EVERY_MS, async (run) => {
    const before = new Date(run.at.getTime() - HOLD_GRACE_MS);
    await each(
      run,
      () => listDueHolders(db, before, AT_ONCE),
      ({ holderId }) => releasePoints(db, run, holderId),
    );
  });
  host.job('expire-points', EVERY_MS, (run) =>
    each(
      run,
      () => listExpired(db, run.at, AT_ONCE),
      ({ accountId }) => expirePoints(db, run, accountId),
    ),
  );
  host.job('tell-expiring-points', EVERY_MS, (run) => {
    const horizon = expiringHorizon(run.at);
    return each(
      run,
      () => listToWarn(db, horizon, AT_ONCE),
      ({ accountId }) => tellExpiringPoints(db, run, accountId, horizon),
    );
  });
}

/** Does what is due until nothing is. */
async function each<T>({ signal }: JobRun, due: () => Promise<T[]>, work: (item: T) => Promise<unknown>): Promise<void> {
  for (let items = await due(); items.length > 0 && !signal.aborted; items = await due()) {
    for (const item of items) {
      if (signal.aborted) return;
      await work(item);
    }
  }
}
