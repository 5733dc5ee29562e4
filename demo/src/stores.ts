// What stores still have to tell, and what they have put away: those with tables, and those with documents.

import type { Db } from 'mongodb';
import type { Stage } from './stage.js';

export interface Untold {
  readonly service: string;
  readonly events: number;
}

/** For each store, how many events wait in it to be told. */
export async function untoldEvents(stage: Stage): Promise<Untold[]> {
  const inTables = stage.databases.map(async (service) => {
    const [row] = await stage.sql<{ count: number }>(service, 'SELECT count(*)::int AS count FROM kit.outbox');
    return { service, events: row!.count };
  });
  const inDocuments = stage.documentStores.map(async (service) => ({ service, events: await countCarriers(stage.documents(service)) }));
  return Promise.all([...inTables, ...inDocuments]);
}

/** Documents of whatever collection carry their events in themselves. */
async function countCarriers(documents: Db): Promise<number> {
  const collections = await documents.listCollections({}, { nameOnly: true }).toArray();
  const counts = await Promise.all(
    collections.map(({ name }) => documents.collection(name).countDocuments({ 'outbox.0': { $exists: true } })),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

interface DeadEvent {
  readonly consumer: string;
  readonly subject: string;
  readonly error: string;
}

/** Events that a consumer has given up. */
export async function undeliverableEvents(stage: Stage): Promise<string[]> {
  const inTables = stage.databases.map((service) =>
    stage.sql<DeadEvent>(service, 'SELECT consumer, subject, error FROM kit.failed_event WHERE dead_time IS NOT NULL'),
  );
  const inDocuments = stage.documentStores.map((service) =>
    stage
      .documents(service)
      .collection<DeadEvent>('failed_events')
      .find({ deadTime: { $exists: true } })
      .toArray(),
  );
  const dead: readonly DeadEvent[] = (await Promise.all([...inTables, ...inDocuments])).flat();
  return dead.map(({ consumer, subject, error }) => `${consumer} ${subject}: ${error}`);
}

/** As findings name them. */
export const storesOf = ({ databases, documentStores }: Stage): string => `${databases.length + documentStores.length} stores`;
