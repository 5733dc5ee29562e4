import type { Database } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';

/** What the copies are heard for: the durable's purpose. */
export const PURPOSE = 'dashboard';
const CONSUMER = `seller-${PURPOSE}`;

/** Up to when everything that happened in these domains is in the copies; undefined until it is known for each. */
export async function findFreshTime(db: Database<PrismaClient>, ...streams: readonly ('funding' | 'payment')[]): Promise<Date | undefined> {
  const [row] = await db.client.$queryRaw<[{ streams: bigint; time: Date | null }]>`
    SELECT count(*) AS streams, min(event_time) AS time FROM kit.consumed WHERE consumer = ${CONSUMER} AND stream = ANY (${streams}::text[])`;
  return Number(row.streams) === streams.length ? (row.time ?? undefined) : undefined;
}
