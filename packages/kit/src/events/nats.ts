// The connection to NATS and the streams in it.
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect, createInbox, type NatsConnection } from '@nats-io/transport-node';
import { type Subjects, subjectsWith } from './subject.js';

const RECONNECT_MS = 500;
const DUPLICATE_WINDOW_MS = 120_000;
const DAY_MS = 86_400_000;
const NANOS = 1_000_000;

export interface Nats {
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly subjects: Subjects;
  /** A subject of one's own for answers. */
  readonly newInbox: () => string;
}

export interface StreamLimits {
  readonly maxBytes: number;
  readonly maxAgeDays: number;
}

/** Connects as a service: each has a user of its own, which may only do what is its own. Goes on trying for as long as it lives. */
export async function connectNats(service: string, url: string, prefix: string): Promise<Nats> {
  const { protocol, host, username, password } = new URL(url);
  const inboxPrefix = `_INBOX_${service}`;
  const connection = await connect({
    servers: `${protocol}//${host}`,
    ...(username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    name: service,
    inboxPrefix,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
  });
  return {
    connection,
    jetstream: jetstream(connection),
    manager: await jetstreamManager(connection, { checkAPI: false }),
    subjects: subjectsWith(prefix),
    newInbox: () => createInbox(inboxPrefix),
  };
}

/** Makes the stream of one's own domain, or brings it up to its settings. A full stream refuses events loudly; none vanishes unread. */
export async function ensureStream({ manager, subjects }: Nats, domain: string, limits: StreamLimits): Promise<void> {
  const name = subjects.streamOf(domain);
  const settings = {
    subjects: [subjects.allOf(domain)],
    discard: DiscardPolicy.New,
    max_bytes: limits.maxBytes,
    max_age: limits.maxAgeDays * DAY_MS * NANOS,
  };
  try {
    await manager.streams.update(name, settings);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
    await manager.streams.add({
      name,
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      duplicate_window: DUPLICATE_WINDOW_MS * NANOS,
      ...settings,
    });
  }
}
