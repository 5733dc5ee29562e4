// Reads streams once from their beginning, as far as they are kept: for a copy that is made anew beside the one in use.

import { domainOf } from '@moa/contracts/descriptors';
import { AckPolicy, JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { Clock } from '../clock.js';
import { type Database, type PrismaLike, transaction } from '../database.js';
import { groupBy } from './group-by.js';
import type { Nats } from './nats.js';
import type { Subscription } from './subscription.js';

const BATCH = 256;
const WAIT_MS = 1_000;

/** What a replay needs. */
export interface Replaying<C> {
  /** <service>-<purpose>: a durable that is made for this, and is gone afterwards. */
  readonly name: string;
  readonly db: Database<C>;
  readonly subscriptions: readonly Subscription<C>[];
  readonly nats: Nats;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Each event in its order, each effect in a transaction of its own: it must not mind that others came before. Gives how many there were. */
export async function replayStreams<C extends PrismaLike>({ subscriptions, ...replaying }: Replaying<C>): Promise<number> {
  let count = 0;
  for (const ofDomain of groupBy(subscriptions, ({ type }) => domainOf(type)))
    count += await replayOne(domainOf(ofDomain[0]!.type), { ...replaying, subscriptions: ofDomain });
  return count;
}

async function replayOne<C extends PrismaLike>(
  domain: string,
  { name, db, subscriptions, nats, clock, signal }: Replaying<C>,
): Promise<number> {
  const { manager, jetstream, subjects } = nats;
  const stream = subjects.streamOf(domain);
  const effects = new Map(subscriptions.map((subscription) => [subscription.type, subscription]));
  await remove();
  await manager.consumers.add(stream, {
    durable_name: name,
    ack_policy: AckPolicy.None,
    filter_subjects: [...effects.keys()].map((type) => subjects.subjectOf(type, '*')),
  });
  const consumer = await jetstream.consumers.get(stream, name);
  let count = 0;
  while (!signal.aborted && (await manager.consumers.info(stream, name)).num_pending > 0) {
    for await (const { subject, data, headers, timestamp } of await consumer.fetch({ max_messages: BATCH, expires: WAIT_MS })) {
      const info = {
        id: headers?.get('Nats-Msg-Id') ?? '',
        key: subjects.keyOf(subject),
        version: BigInt(headers?.get('Moa-Version') || 0),
        time: new Date(headers?.get('Moa-Time') || timestamp),
        at: clock.now(),
        trace: headers?.get('traceparent') ?? '',
      };
      await transaction(db, async (tx) => effects.get(subjects.typeOf(subject))?.apply(data, tx, info));
      count += 1;
    }
  }
  await remove();
  return count;

  async function remove(): Promise<void> {
    try {
      await manager.consumers.delete(stream, name);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)) throw error;
    }
  }
}
