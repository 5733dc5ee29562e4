// Events that stand in the documents which they are about: document and event are one write. They are found by `unsentTime`, published in
// order, and taken out again. Of all copies of a service one relays: it holds a lease, a document that it renews with each look.
import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { type EventType, storedForm } from '../events/emit.js';
import { groupBy } from '../events/group-by.js';
import type { Outbox, OutboxRow } from '../events/outbox.js';
import { newId } from '../ids.js';
import type { Origin } from '../origin.js';

const LEASE_MS = 4_000;
const LEASE = 'relay';

/** An event inside a document. */
export interface DocumentEvent {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly version: string;
  readonly body: string;
  readonly trace: string;
  readonly time: Date;
}

/** What a document carries besides its own. */
export interface WithOutbox {
  readonly outbox?: DocumentEvent[] | undefined;
  readonly unsentTime?: Date | undefined;
}

/**
 * The fields of a schema whose documents carry events. Its collection needs the index { unsentTime: 1 }, sparse.
 *
 *     const roomSchema = new Schema({ _id: String, title: String, ...outboxFields }, documentOptions);
 */
export const outboxFields = {
  outbox: {
    type: [{ _id: false, id: String, type: { type: String }, key: String, version: String, body: String, trace: String, time: Date }],
    default: undefined,
  },
  unsentTime: Date,
} as const;

/** An event for a document's outbox. `version` as for `emit`: it grows with each event of a key. */
export function eventOf<T>({ at, trace }: Origin, type: EventType<T>, event: T, { version }: { version: bigint | number }): DocumentEvent {
  return { id: newId(), type: type.$type, version: String(version), trace, time: at, ...storedForm(type, event) };
}

/** For an insert: the outbox with these events in it. */
export const carrying = (...events: readonly DocumentEvent[]): Required<WithOutbox> => ({
  outbox: [...events],
  unsentTime: events[0]!.time,
});

/** For an update: the same, and an event with it. */
export function withEvent<U extends { readonly $set?: object }>(update: U, event: DocumentEvent) {
  return { ...update, $set: { ...update.$set, unsentTime: event.time }, $push: { outbox: event } };
}

interface Lease {
  readonly _id: string;
  readonly holder: string;
  readonly until: Date;
}

interface Carrier extends WithOutbox {
  readonly _id: string;
}

/** The outbox of a store of documents. `collections` are looked through in turn. */
export const documentOutbox =
  (connection: Connection, collections: readonly string[]): Outbox =>
  () => {
    const holder = randomUUID();
    const leases = () => connection.collection<Lease>('leases');
    const carriers = (name: string) => connection.collection<Carrier>(name);

    // The machine's own clock: Moa's may be shifted in tests, while a lease is about processes.
    async function renew(): Promise<boolean> {
      const now = new Date();
      const until = new Date(now.getTime() + LEASE_MS);
      const { matchedCount } = await leases().updateOne(
        { _id: LEASE, $or: [{ holder }, { until: { $lt: now } }] },
        { $set: { holder, until } },
      );
      if (matchedCount > 0) return true;
      try {
        await leases().insertOne({ _id: LEASE, holder, until });
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    }

    return {
      tryLead: renew,
      async read(limit) {
        if (!(await renew())) throw new Error('another copy relays now');
        const rows: OutboxRow[] = [];
        for (const name of collections) {
          const found = await carriers(name)
            .find({ unsentTime: { $exists: true } }, { projection: { outbox: 1 } })
            .sort({ unsentTime: 1 })
            .limit(limit)
            .toArray();
          rows.push(...found.flatMap(({ _id, outbox = [] }) => outbox.map((event) => rowOf(name, _id, event))));
        }
        return rows.sort((a, b) => Number(BigInt(a.version) - BigInt(b.version)));
      },
      async forget(rows) {
        for (const name of collections) {
          const ofCollection = rows.filter(({ position }) => splitAt(position)[0] === name);
          const sent = groupBy(ofCollection, ({ position }) => position).map((events) => ({
            _id: splitAt(events[0]!.position)[1],
            ids: events.map(({ id }) => id),
          }));
          if (sent.length === 0) continue;
          // By the place of its last event: whoever relayed meanwhile may have taken these out, and others may stand there since.
          const emptied = await carriers(name).bulkWrite(
            sent.map(({ _id, ids }) => ({
              updateOne: {
                filter: { _id, [`outbox.${ids.length - 1}.id`]: ids.at(-1), [`outbox.${ids.length}`]: { $exists: false } },
                update: { $unset: { outbox: 1, unsentTime: 1 } },
              },
            })),
            { ordered: false },
          );
          if (emptied.matchedCount === sent.length) continue;
          // More was put in since, or some was taken out.
          await carriers(name).bulkWrite(
            sent.flatMap(({ _id, ids }) => [
              { updateOne: { filter: { _id }, update: { $pull: { outbox: { id: { $in: ids } } } } } },
              { updateOne: { filter: { _id, 'outbox.0': { $exists: false } }, update: { $unset: { outbox: 1, unsentTime: 1 } } } },
            ]),
          );
        }
      },
      async close() {
        await leases().deleteOne({ _id: LEASE, holder });
      },
    };
  };

const rowOf = (collection: string, carrier: string, { id, type, key, version, body, trace, time }: DocumentEvent): OutboxRow => ({
  position: `${collection}/${carrier}`,
  id,
  type,
  key,
  version,
  body: JSON.parse(body),
  trace,
  create_time: time,
});

const splitAt = (position: string): [string, string] => {
  const slash = position.indexOf('/');
  return [position.slice(0, slash), position.slice(slash + 1)];
};

const DUPLICATE_KEY = 11_000;

/** Whether a write met a unique index: somebody else was first. */
export const isDuplicate = (error: unknown): boolean => (error as { code?: number }).code === DUPLICATE_KEY;
