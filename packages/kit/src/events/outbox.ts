// Events that are written and not yet published: where the relay finds them.
import type { JsonValue } from '@bufbuild/protobuf';
import pg from 'pg';

const RELAY_LOCK = 0x6d6f61; // 'moa'

/** An event as it waits. */
export interface OutboxRow {
  /** Where it stands, for its outbox to find it again. */
  readonly position: string;
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly version: string;
  readonly body: JsonValue;
  readonly trace: string | null;
  readonly create_time: Date;
}

/** One attempt at relaying an outbox; after a failure another is begun. */
export interface OutboxSession {
  /** Of all copies of a service one leads: false while another does. */
  tryLead(): Promise<boolean>;
  /** The next events, those of a key in order. Throws when somebody else has taken the lead. */
  read(limit: number): Promise<OutboxRow[]>;
  /** They are in the stream. */
  forget(rows: readonly OutboxRow[]): Promise<void>;
  close(): Promise<void>;
}

export type Outbox = () => OutboxSession;

/** The outbox of a Postgres database. The lead belongs to the connection: it is free again the moment its holder is gone. */
export const tableOutbox =
  (databaseUrl: string): Outbox =>
  () => {
    const database = new pg.Client({ connectionString: databaseUrl });
    // A lost connection is an event, too; the query in flight tells of it.
    database.on('error', () => {});
    let connected: Promise<unknown> | undefined;
    const query = async <Row extends pg.QueryResultRow>(config: pg.QueryConfig) => {
      connected ??= database.connect();
      await connected;
      return (await database.query<Row>(config)).rows;
    };
    return {
      async tryLead() {
        const [row] = await query<{ leads: boolean }>({ text: 'SELECT pg_try_advisory_lock($1) AS leads', values: [RELAY_LOCK] });
        return row!.leads;
      },
      read: (limit) =>
        query<OutboxRow>({
          name: 'outbox',
          text: 'SELECT position, id, type, key, version, body, trace, create_time FROM kit.outbox ORDER BY position LIMIT $1',
          values: [limit],
        }),
      async forget(rows) {
        await query({ text: 'DELETE FROM kit.outbox WHERE position = ANY($1)', values: [rows.map(({ position }) => position)] });
      },
      close: () => database.end(),
    };
  };
