// What a consumer remembers: events that were handled, and those that failed.
import { type Database, type PrismaLike, type RawQueries, type Transaction, transaction } from '../database.js';
import type { EventInfo } from './subscription.js';

export const REPLAYS_AT_ONCE = 20;
const MAX_ERROR_LENGTH = 2_000;

/** An event as it was delivered: all that is needed to handle it again. */
export interface Delivery {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly info: EventInfo;
}

// With the effect's transaction: false if it was handled before.
async function rememberOnce(tx: RawQueries, consumer: string, eventId: string, at: Date): Promise<boolean> {
  const rows = (await tx.$queryRaw`
    INSERT INTO kit.inbox (consumer, event_id, handle_time) VALUES (${consumer}, ${eventId}, ${at}) ON CONFLICT DO NOTHING RETURNING 1 AS first`) as unknown[];
  return rows.length === 1;
}

/** Where effects happen, and what is remembered of events. */
export interface Inbox<C> {
  /** Runs the effect of an event, unless it has had it. */
  handle(consumer: string, eventId: string, at: Date, effect: (tx: Transaction<C>) => Promise<void>): Promise<void>;
  /** Writes a failure down and says how many there were; at the last one the event is put away. */
  countFailure(consumer: string, delivery: Delivery, error: unknown, max: number): Promise<number>;
  /** Handles the dead events again whose `replay` was set. A success removes it; a failure is written down, and it stays put away. */
  replayDead(consumer: string, apply: (delivery: Delivery, tx: Transaction<C>) => Promise<void>): Promise<void>;
  /** Everything of a domain's stream that happened until then was handled. */
  noteProgress(consumer: string, domain: string, asOf: Date): Promise<void>;
}

/** The inbox of a Postgres database: the event is remembered in the transaction of its effect. */
export const tableInbox = <C extends PrismaLike>(db: Database<C>): Inbox<C> => ({
  handle: (consumer, eventId, at, effect) =>
    transaction(db, async (tx) => {
      if (await rememberOnce(tx as unknown as RawQueries, consumer, eventId, at)) await effect(tx);
    }),
  countFailure: (consumer, delivery, error, max) => countFailure(db, consumer, delivery, error, max),
  replayDead: (consumer, apply) => replayDead(db, consumer, apply),
  async noteProgress(consumer, domain, asOf) {
    await db.client.$queryRaw`
      INSERT INTO kit.consumed (consumer, stream, event_time) VALUES (${consumer}, ${domain}, ${asOf})
      ON CONFLICT (consumer, stream) DO UPDATE SET event_time = greatest(consumed.event_time, excluded.event_time)`;
  },
});

async function countFailure(
  db: Database<PrismaLike>,
  consumer: string,
  { subject, payload, info }: Delivery,
  error: unknown,
  max: number,
): Promise<number> {
  const headers = JSON.stringify(headersOf(info));
  const text = textOf(error);
  const [row] = (await db.client.$queryRaw`
    INSERT INTO kit.failed_event (consumer, event_id, subject, headers, payload, error, create_time)
      VALUES (${consumer}, ${info.id}, ${subject}, ${headers}::jsonb, ${payload}, ${text}, ${info.at})
    ON CONFLICT (consumer, event_id) DO UPDATE SET
      failures = failed_event.failures + 1, error = excluded.error,
      dead_time = CASE WHEN failed_event.failures + 1 >= ${max}::integer THEN excluded.create_time END
    RETURNING failures`) as [{ failures: number }];
  return row.failures;
}

// UPDATE kit.failed_event SET replay = true WHERE ...
async function replayDead<C extends PrismaLike>(
  db: Database<C>,
  consumer: string,
  apply: (delivery: Delivery, tx: Transaction<C>) => Promise<void>,
): Promise<void> {
  const asked = (await db.client.$queryRaw`
    SELECT event_id FROM kit.failed_event WHERE consumer = ${consumer} AND replay AND dead_time IS NOT NULL ORDER BY create_time LIMIT ${REPLAYS_AT_ONCE}`) as {
    event_id: string;
  }[];
  for (const { event_id } of asked) {
    await transaction(db, (tx) => replayOne(tx, consumer, event_id, apply)).catch(
      (error) =>
        db.client
          .$queryRaw`UPDATE kit.failed_event SET replay = false, error = ${textOf(error)} WHERE consumer = ${consumer} AND event_id = ${event_id}`,
    );
  }
}

async function replayOne<C extends PrismaLike>(
  tx: Transaction<C>,
  consumer: string,
  eventId: string,
  apply: (delivery: Delivery, tx: Transaction<C>) => Promise<void>,
): Promise<void> {
  const raw = tx as unknown as RawQueries;
  const [row] = (await raw.$queryRaw`
    DELETE FROM kit.failed_event WHERE consumer = ${consumer} AND event_id = ${eventId} AND replay RETURNING subject, headers, payload, create_time`) as FailedRow[];
  if (!row || !(await rememberOnce(raw, consumer, eventId, row.create_time))) return;
  await apply({ subject: row.subject, payload: row.payload, info: infoOf(eventId, row.headers, row.create_time) }, tx);
}

/** An event's circumstances in a form that is kept. */
export interface Headers {
  readonly key: string;
  readonly version: string;
  readonly time: string;
  readonly trace: string;
}

export const headersOf = ({ key, version, time, trace }: EventInfo): Headers => ({
  key,
  version: String(version),
  time: time.toISOString(),
  trace,
});

export const infoOf = (id: string, { key, version, time, trace }: Headers, at: Date): EventInfo => ({
  id,
  key,
  version: BigInt(version),
  time: new Date(time),
  at,
  trace,
});

export const textOf = (error: unknown): string =>
  String(error instanceof Error ? (error.stack ?? error.message) : error).slice(0, MAX_ERROR_LENGTH);

interface FailedRow {
  readonly subject: string;
  readonly headers: Headers;
  readonly payload: Uint8Array;
  readonly create_time: Date;
}
