// The owner of a domain's events, as the tests play it, and what can be seen of it on the wire.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import type { Testbed } from '@moa/testkit';
import type { Msg } from '@nats-io/transport-node';
import { connectNats, emit, type Nats, openHost, originAt, transaction } from '../src/index.js';
import { countUp, openStore, openTallies, type Store, type TallyDatabase } from './support.js';

export const PROFILE_UPDATED = 'moa.user.v1.ProfileUpdated';

export interface Publisher {
  readonly db: TallyDatabase;
  readonly store: Store;
  /** Changes what the key stands for, and says so: one transaction. The version is how often it was changed. */
  publish(key: string, changedFields?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** The user service, as far as it publishes. */
export async function openPublisher(bed: Testbed, database = 'publisher', settings: object = {}): Promise<Publisher> {
  const store = await openStore(bed, 'user', database);
  const host = await openHost('user', { ...store.config, ...settings });
  const db = openTallies(host);
  await host.relay(db);
  const running = await host.listen();
  return {
    db,
    store,
    publish: (key, changedFields = []) => publish(db, host.clock.now(), key, changedFields),
    async stop() {
      await running.stop();
      await store.owner.end();
    },
  };
}

export const publish = (db: TallyDatabase, at: Date, key: string, changedFields: readonly string[] = []): Promise<void> =>
  transaction(db, async (tx) => {
    const version = await countUp(tx, key);
    await emit(tx, originAt(at), ProfileUpdated, { accountId: key, changedFields: [...changedFields] }, { version });
  });

export interface EventProcess {
  /** How it ended. */
  readonly ended: Promise<NodeJS.Signals | number>;
  kill(signal?: NodeJS.Signals): Promise<NodeJS.Signals | number>;
}

/** Starts relay, consumer or both ("relay,consumer") in a process of its own; see event-process.ts. */
export async function startEventProcess(
  bed: Testbed,
  database: string,
  parts: string,
  env: Record<string, string> = {},
): Promise<EventProcess> {
  const program = fileURLToPath(new URL('./event-process.js', import.meta.url));
  const child = spawn(process.execPath, [program, parts], {
    env: { ...process.env, ...(await bed.environment(database)), CERTIFICATES: bed.certificates('user'), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => signal ?? code);
  await Promise.race([once(child.stdout, 'data'), ended]);
  return {
    ended,
    kill(signal = 'SIGKILL') {
      child.kill(signal);
      return ended;
    },
  };
}

export interface Wire {
  readonly nats: Nats;
  /** Everything that was published since, also what the stream took for a repeat. */
  readonly heard: Msg[];
  /** The versions of one key, in the order of their coming. */
  versionsOf(key: string): number[];
  close(): Promise<void>;
}

/** Listens to the events of user on the wire. */
export async function listen(bed: Testbed): Promise<Wire> {
  const nats = await connectNats('test', bed.natsUrl, '');
  const heard: Msg[] = [];
  nats.connection.subscribe('moa.user.v1.>', { callback: (_, message) => void heard.push(message) });
  await nats.connection.flush();
  return {
    nats,
    heard,
    versionsOf: (key) =>
      heard.filter(({ subject }) => subject.endsWith(`.${key}`)).map(({ headers }) => Number(headers?.get('Moa-Version'))),
    close: () => nats.connection.close(),
  };
}
