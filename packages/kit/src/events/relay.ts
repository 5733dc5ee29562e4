// Publishes what the outbox holds. One copy of a service relays at a time; another takes over within a second when it dies.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Gauge } from 'prom-client';
import { crashPoint } from '../crash-point.js';
import type { Logger } from '../log.js';
import { groupBy } from './group-by.js';
import type { Nats } from './nats.js';
import { type OutboxRow, openPublisher, type Publisher } from './publisher.js';

const BATCH = 500;
// Finds what a crash left; everything else is told by a wake-up.
const POLL_MS = 1_000;
// One wake-up over the network for all commits that come this close together.
const DEBOUNCE_MS = 5;
const RELAY_LOCK = 0x6d6f61; // 'moa'

export interface Relay {
  /** Says that something may stand in the outbox. */
  wake(): void;
  stop(): Promise<void>;
}

/** Starts relaying a database's outbox to the stream of `domain`. A repeat is harmless: the event's id stays the same. */
export function startRelay(databaseUrl: string, nats: Nats, domain: string, log: Logger, backlog: Gauge, pollMs = POLL_MS): Relay {
  const stopping = new AbortController();
  let waiting = new AbortController();
  let isWoken = false;
  let leads = false;
  let announcing: NodeJS.Timeout | undefined;

  const wakeHere = () => {
    isWoken = true;
    waiting.abort();
  };
  const wake = () => {
    if (leads) return wakeHere();
    // Another copy relays: it is told, once for many commits.
    announcing ??= setTimeout(() => {
      announcing = undefined;
      if (!nats.connection.isClosed()) nats.connection.publish(nats.subjects.wakeOf(domain));
    }, DEBOUNCE_MS);
  };
  const subscription = nats.connection.subscribe(nats.subjects.wakeOf(domain), { callback: wakeHere });

  const pause = async () => {
    if (!isWoken && !stopping.signal.aborted) {
      waiting = new AbortController();
      await sleep(pollMs, undefined, { signal: waiting.signal }).catch(() => {});
    }
    isWoken = false;
  };

  const ended = run();
  return {
    wake,
    async stop() {
      stopping.abort();
      wakeHere();
      clearTimeout(announcing);
      await ended;
      subscription.unsubscribe();
    },
  };

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const database = new pg.Client({ connectionString: databaseUrl });
      const publisher = openPublisher(nats);
      // A lost connection is an event, too; the query in flight tells of it.
      database.on('error', () => {});
      try {
        await database.connect();
        await relayWhileLeader(database, publisher);
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error }, 'the outbox waits');
      } finally {
        leads = false;
        publisher.close();
        await database.end().catch(() => {});
      }
      await pause();
    }
  }

  // The lock belongs to the connection: it is free again the moment its holder is gone.
  async function relayWhileLeader(database: pg.Client, publisher: Publisher): Promise<void> {
    while (!(await tryLead(database))) {
      await pause();
      if (stopping.signal.aborted) return;
    }
    leads = true;
    // What is left is published before the service stops.
    for (;;) {
      const published = await publishBatch(database, publisher);
      backlog.set(published === BATCH ? BATCH : 0);
      if (published > 0) continue;
      if (stopping.signal.aborted) return;
      await pause();
    }
  }
}

async function publishBatch(database: pg.Client, publisher: Publisher): Promise<number> {
  const { rows } = await database.query<OutboxRow>({
    name: 'outbox',
    text: 'SELECT position, id, type, key, version, body, trace, create_time FROM kit.outbox ORDER BY position LIMIT $1',
    values: [BATCH],
  });
  if (rows.length === 0) return 0;
  // Keys side by side, each in order: the first that fails holds back what follows it.
  const done: string[] = [];
  let failed: unknown;
  let heads = groupBy(rows, ({ key }) => key);
  while (heads.length > 0) {
    const outcomes = await publisher.publish(heads.map(([row]) => row!));
    heads = heads.flatMap(([row, ...rest], index) => {
      const error = outcomes[index];
      if (error) {
        failed ??= error;
        return [];
      }
      done.push(row!.position);
      return rest.length > 0 ? [rest] : [];
    });
  }
  crashPoint('relay.published');
  await database.query('DELETE FROM kit.outbox WHERE position = ANY($1)', [done]);
  if (failed) throw failed;
  return rows.length;
}

async function tryLead(database: pg.Client): Promise<boolean> {
  const { rows } = await database.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [RELAY_LOCK]);
  return rows[0]!.leads;
}
