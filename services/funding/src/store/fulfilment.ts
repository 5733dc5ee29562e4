// Parcels of pledges.
import { type Database, type Origin, sqlCall, write } from '@moa/kit';
import type { Promised } from '../domain/fulfilment.js';
import type { Pledge } from '../domain/pledge.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { Client, Queries } from './database.js';
import { findPledge } from './pledges.js';

/** A pledge that nobody else changes until the transaction ends. */
export async function lockWholePledge(tx: Queries, id: string): Promise<Pledge | undefined> {
  await tx.$queryRaw`SELECT FROM pledge WHERE id = ${id}::uuid FOR UPDATE`;
  return findPledge(tx, id);
}

/** What its backer was promised, of each reward. */
export const promisesOf = (client: Queries, { lines }: Pledge): Promise<Promised[]> =>
  client.reward.findMany({ where: { id: { in: lines.map(({ rewardId }) => rewardId) } }, select: { ships: true, deliveryMonth: true } });

/** Changes what is said of the parcel; a step of the pledge. */
export async function saveParcel(
  tx: Queries,
  { id, version }: Pledge,
  data: Pick<Prisma.PledgeUpdateInput, 'carrier' | 'trackingNumber' | 'shipTime' | 'deliveryTime'>,
): Promise<Pledge> {
  await tx.pledge.update({ where: { id }, data: { ...data, version: version + 1n } });
  return (await findPledge(tx, id))!;
}

/** How many have been delivered now. */
export async function deliverShipped(db: Database<Client>, origin: Origin, shippedBefore: Date, batch: number): Promise<number> {
  const [row] = await write<{ delivered: number }>(
    db,
    fail,
    Prisma.sql`SELECT deliver_shipped(${sqlCall(origin)}::jsonb, ${shippedBefore}, ${batch}::integer) AS delivered`,
  );
  return row!.delivered;
}
