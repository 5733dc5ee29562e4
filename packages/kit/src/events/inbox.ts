// What a consumer remembers: events that were handled, and those that failed.
import { type Database, type PrismaLike, type RawQueries, type Transaction, transaction } from '../database.js';
import type { EventInfo } from './subscription.js';

const REPLAYS_AT_ONCE = 20;
const MAX_ERROR_LENGTH = 2_000;

/** An event as it was delivered: all that is needed to handle it again. */
export interface Delivery {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly info: EventInfo;
}

/** Remembers an event with the effect's transaction: false if it was handled before. */
export async function rememberOnce(tx: RawQueries, consumer: string, eventId: string, at: Date): Promise<boolean> {
  const rows = (await tx.$queryRaw`
    INSERT INTO kit.inbox (consumer, event_id, handle_time) VALUES (${consumer}, ${eventId}, ${at}) ON CONFLICT DO NOTHING RETURNING 1 AS first`) as unknown[];
  return rows.length === 1;
}

/** Writes a failure down and says how many there were; at the last one the event is put away. */
export async function countFailure(
  db: Database<PrismaLike>,
  consumer: string,
  { subject, payload, info }: Delivery,
  error: unknown,
  max: number,
): Promise<number> {
  const headers = JSON.stringify({ key: info.key, version: String(info.version), time: info.time.toISOString(), trace: info.trace });
  const text = String(error instanceof Error ? (error.stack ?? error.message) : error).slice(0, MAX_ERROR_LENGTH);
  const [row] = (await db.client.$queryRaw`
    INSERT INTO kit.failed_event (consumer, event_id, subject, headers, payload, error, create_time)
      VALUES (${consumer}, ${info.id}, ${subject}, ${headers}::jsonb, ${payload}, ${text}, ${info.at})
    ON CONFLICT (consumer, event_id) DO UPDATE SET
      failures = failed_event.failures + 1, error = excluded.error,
      dead_time = CASE WHEN failed_event.failures + 1 >= ${max}::integer THEN excluded.create_time END
    RETURNING failures`) as [{ failures: number }];
  return row.failures;
}

/**
 * Handles the dead events again whose `replay` was set: UPDATE kit.failed_event SET replay = true WHERE ... A success removes it; a failure
 * is written down, and it stays put away.
 */
export async function replayDead<C extends PrismaLike>(
  db: Database<C>,
  consumer: string,
  apply: (delivery: Delivery, tx: Transaction<C>) => Promise<void> | undefined,
): Promise<void> {
  const asked = (await db.client.$queryRaw`
    SELECT event_id FROM kit.failed_event WHERE consumer = ${consumer} AND replay AND dead_time IS NOT NULL ORDER BY create_time LIMIT ${REPLAYS_AT_ONCE}`) as {
    event_id: string;
  }[];
  for (const { event_id } of asked) {
    await transaction(db, (tx) => replayOne(tx, consumer, event_id, apply)).catch(
      (error) =>
        db.client
          .$queryRaw`UPDATE kit.failed_event SET replay = false, error = ${String(error).slice(0, MAX_ERROR_LENGTH)} WHERE consumer = ${consumer} AND event_id = ${event_id}`,
    );
  }
}

async function replayOne<C extends PrismaLike>(
  tx: Transaction<C>,
  consumer: string,
  eventId: string,
  apply: (delivery: Delivery, tx: Transaction<C>) => Promise<void> | undefined,
): Promise<void> {
  const raw = tx as unknown as RawQueries;
  const [row] = (await raw.$queryRaw`
    DELETE FROM kit.failed_event WHERE consumer = ${consumer} AND event_id = ${eventId} AND replay RETURNING subject, headers, payload, create_time`) as FailedRow[];
  if (!row || !(await rememberOnce(raw, consumer, eventId, row.create_time))) return;
  const { key, version, time, trace } = row.headers;
  await apply(
    {
      subject: row.subject,
      payload: row.payload,
      info: { id: eventId, key, version: BigInt(version), time: new Date(time), at: row.create_time, trace },
    },
    tx,
  );
}

interface FailedRow {
  readonly subject: string;
  readonly headers: { readonly key: string; readonly version: string; readonly time: string; readonly trace: string };
  readonly payload: Uint8Array;
  readonly create_time: Date;
}
