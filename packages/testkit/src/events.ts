// Events as their owners publish them, for tests of who consumes: any number of times, in any order. And what was published, for tests
// of who publishes.
import { setTimeout as sleep } from 'node:timers/promises';
import { listEvents } from '@moa/contracts/descriptors';
import type { MessageType } from '@moa/contracts/method';
import { connectNats, newId } from '@moa/kit';
import { JetStreamApiError, StorageType } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import type { Testbed } from './testbed.js';

// Too short to help: what comes twice has to be noticed by the consumer alone.
const DUPLICATE_WINDOW_MS = 100;
const NANOS = 1_000_000;

type EventType<T> = MessageType<T> & { readonly $type: string };

export interface Events {
  /** Publishes an event into its owner's stream, and gives its id. With the same id it is the same event once more. */
  publish<T>(
    type: EventType<T>,
    event: T,
    facts?: { readonly version?: number; readonly id?: string; readonly time?: Date },
  ): Promise<string>;
  /** All events of a type that are published from now on, each once: what is published again under its id is the same event. */
  listen<T>(type: EventType<T>): Promise<readonly T[]>;
  close(): Promise<void>;
}

/** Close it before the bed. */
export async function openEvents(bed: Testbed): Promise<Events> {
  const { connection, jetstream, manager, subjects } = await connectNats('test', bed.natsUrl, '');
  const owners = new Map(listEvents().map((event) => [event.type, event]));
  const streams = new Map<string, Promise<void>>();

  return {
    async publish(type, event, { version = 1, id = newId(), time = bed.now() } = {}) {
      const { owner, key } = owners.get(type.$type)!;
      if (!streams.has(owner)) streams.set(owner, ensureStream(owner));
      await streams.get(owner);
      const values = headers();
      values.set('Moa-Type', type.$type);
      values.set('Moa-Time', time.toISOString());
      values.set('Moa-Version', String(version));
      const subject = subjects.subjectOf(type.$type, String(event[key as keyof typeof event]));
      const publish = () => jetstream.publish(subject, type.encode(event).finish(), { msgID: id, headers: values });
      while ((await publish()).duplicate) await sleep(DUPLICATE_WINDOW_MS);
      return id;
    },
    async listen<T>(type: EventType<T>) {
      const heard: T[] = [];
      const ids = new Set<string>();
      connection.subscribe(subjects.subjectOf(type.$type, '*'), {
        callback(_, message) {
          const id = message.headers!.get('Nats-Msg-Id');
          if (!ids.has(id)) heard.push(type.decode(message.data));
          ids.add(id);
        },
      });
      // From here on the server knows of it.
      await connection.flush();
      return heard;
    },
    close: () => connection.close(),
  };

  async function ensureStream(domain: string): Promise<void> {
    const settings = { subjects: [subjects.allOf(domain)], duplicate_window: DUPLICATE_WINDOW_MS * NANOS };
    const name = subjects.streamOf(domain);
    try {
      await manager.streams.update(name, settings);
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      await manager.streams.add({ name, storage: StorageType.Memory, ...settings });
    }
  }
}
