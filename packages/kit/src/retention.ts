// Forgets what is kept for 30 days: answers of requests, and events that were handled.
import type { Database, PrismaLike } from './database.js';
import type { JobRun } from './jobs.js';

export const RETENTION_EVERY_MS = 3_600_000;
const KEPT_DAYS = 30;
const BATCH = 5_000;

export const forgetOld =
  (db: Database<PrismaLike>) =>
  async ({ at, signal }: JobRun): Promise<void> => {
    let forgotten = BATCH;
    while (forgotten === BATCH && !signal.aborted) {
      const [row] = (await db.client.$queryRaw`
        WITH requests AS (
          DELETE FROM kit.request WHERE (caller, id) IN (SELECT caller, id FROM kit.request WHERE create_time < ${at}::timestamptz - make_interval(days => ${KEPT_DAYS}) LIMIT ${BATCH}) RETURNING 1
        ), events AS (
          DELETE FROM kit.inbox WHERE (consumer, event_id) IN (SELECT consumer, event_id FROM kit.inbox WHERE handle_time < ${at}::timestamptz - make_interval(days => ${KEPT_DAYS}) LIMIT ${BATCH}) RETURNING 1
        )
        SELECT greatest((SELECT count(*) FROM requests), (SELECT count(*) FROM events))::integer AS forgotten`) as [{ forgotten: number }];
      forgotten = row.forgotten;
    }
  };
