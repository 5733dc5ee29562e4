// Forgets what is kept for 30 days: answers of requests, events that were handled, and failures that passed. What is dead waits for people.
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
        ), failures AS (
          DELETE FROM kit.failed_event WHERE dead_time IS NULL AND create_time < ${at}::timestamptz - make_interval(days => ${KEPT_DAYS})
        )
        SELECT greatest((SELECT count(*) FROM requests), (SELECT count(*) FROM events))::integer AS forgotten`) as [{ forgotten: number }];
      forgotten = row.forgotten;
    }
  };
