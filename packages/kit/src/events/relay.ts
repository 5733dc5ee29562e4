// Publishes what the outbox holds. One copy of a service relays at a time; another takes over within a second when it dies.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gauge } from 'prom-client';
import { crashPoint } from '../crash-point.js';
import type { Logger } from '../log.js';
import { groupBy } from './group-by.js';
import type { Nats } from './nats.js';
import type { Outbox, OutboxRow, OutboxSession } from './outbox.js';
import { openPublisher, type Publisher } from './publisher.js';

const BATCH = 500;
// Finds what a crash left; everything else is told by a wake-up.
const POLL_MS = 1_000;
// One wake-up over the network for all commits that come this close together.
const DEBOUNCE_MS = 5;

export interface Relay {
  /** Says that something may stand in the outbox. */
  wake(): void;
  stop(): Promise<void>;
}

/** Starts relaying an outbox to the stream of `domain`. A repeat is harmless: the event's id stays the same. */
export function startRelay(outbox: Outbox, nats: Nats, domain: string, log: Logger, backlog: Gauge, pollMs = POLL_MS): Relay {
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
      const publisher = openPublisher(nats);
      const session = outbox();
      try {
        await relayWhileLeader(session, publisher);
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error }, 'the outbox waits');
      } finally {
        leads = false;
        publisher.close();
        await session.close().catch(() => {});
      }
      await pause();
    }
  }

  async function relayWhileLeader(session: OutboxSession, publisher: Publisher): Promise<void> {
    while (!(await session.tryLead())) {
      await pause();
      if (stopping.signal.aborted) return;
    }
    leads = true;
    // What is left is published before the service stops.
    for (;;) {
      const published = await publishBatch(session, publisher);
      backlog.set(published === BATCH ? BATCH : 0);
      if (published > 0) continue;
      if (stopping.signal.aborted) return;
      await pause();
    }
  }
}

async function publishBatch(session: OutboxSession, publisher: Publisher): Promise<number> {
  const rows = await session.read(BATCH);
  if (rows.length === 0) return 0;
  // Keys side by side, each in order: the first that fails holds back what follows it.
  const done: OutboxRow[] = [];
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
      done.push(row!);
      return rest.length > 0 ? [rest] : [];
    });
  }
  crashPoint('relay.published');
  await session.forget(done);
  if (failed) throw failed;
  return rows.length;
}
