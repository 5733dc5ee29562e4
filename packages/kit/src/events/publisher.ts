// Publishes many events at once, and hears for each whether the stream has it.
import { fromJson, toBinary } from '@bufbuild/protobuf';
import { contracts } from '@moa/contracts/descriptors';
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Nats } from './nats.js';
import type { OutboxRow } from './outbox.js';

// As long as a request of the client waits.
const ACK_TIMEOUT_MS = 5_000;
const SCHEMA_VERSION = '1';

export interface Publisher {
  /** Sends all, and waits until each is stored. In their order: undefined, or why the stream does not have it. */
  publish(rows: readonly OutboxRow[]): Promise<unknown[]>;
  close(): void;
}

/** One inbox hears the answers to all: a request of its own for each costs several times what the event does. */
export function openPublisher({ connection, subjects, newInbox }: Nats): Publisher {
  const inbox = newInbox();
  const waiting = new Map<string, (error: unknown) => void>();
  let count = 0;
  const subscription = connection.subscribe(`${inbox}.*`, {
    callback: (_, message) => waiting.get(message.subject.slice(inbox.length + 1))?.(refusalIn(message)),
  });

  async function publishOne(row: OutboxRow): Promise<unknown> {
    const token = String(++count);
    try {
      const answer = new Promise<unknown>((resolve) => waiting.set(token, resolve));
      const reply = `${inbox}.${token}`;
      connection.publish(subjects.subjectOf(row.type, row.key), encode(row), { headers: headersOf(row), reply });
      return await answer;
    } catch (error) {
      return error;
    } finally {
      waiting.delete(token);
    }
  }

  return {
    async publish(rows) {
      const timer = setTimeout(() => {
        for (const answer of waiting.values()) answer(new Error('the stream does not answer'));
      }, ACK_TIMEOUT_MS);
      try {
        return await Promise.all(rows.map(publishOne));
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => subscription.unsubscribe(),
  };
}

function refusalIn(message: Msg): unknown {
  if (message.headers?.code === NO_RESPONDERS) return new Error('no stream takes the event');
  const { error } = message.json<{ error?: { description: string } }>();
  return error && new Error(`the stream refuses the event: ${error.description}`);
}

const NO_RESPONDERS = 503;

function encode({ type, body }: OutboxRow): Uint8Array {
  const schema = contracts.getMessage(type);
  if (!schema) throw new Error(`no contract has an event ${type}`);
  return toBinary(schema, fromJson(schema, body));
}

function headersOf({ id, type, version, trace, create_time }: OutboxRow): MsgHdrs {
  const values = headers();
  // The stream takes the same id once, within its window for duplicates.
  values.set('Nats-Msg-Id', id);
  values.set('Moa-Type', type);
  values.set('Moa-Time', create_time.toISOString());
  values.set('Moa-Version', version);
  values.set('Moa-Schema', SCHEMA_VERSION);
  if (trace) values.set('traceparent', trace);
  return values;
}
