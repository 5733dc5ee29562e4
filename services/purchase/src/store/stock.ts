// What orders hold of variants, and have bought. Each is an SQL function of prisma/migrations/0001_catalogue, run in the transaction that
// moves the order.
import { type Origin, refusing, sqlCall } from '@moa/kit';
import { fail } from '../errors.js';
import type { Queries } from './database.js';

export interface WantedPieces {
  readonly variantId: string;
  readonly quantity: number;
}

/** Holds them for an order, all or none. Throws OUT_OF_STOCK with the variant at fault. */
export async function reserveStock(
  tx: Queries,
  origin: Origin,
  orderId: string,
  wanted: readonly WantedPieces[],
  until: Date,
): Promise<void> {
  const variantIds = wanted.map(({ variantId }) => variantId);
  const quantities = wanted.map(({ quantity }) => quantity);
  await refusing(
    fail,
    tx.$queryRaw`SELECT reserve_stock(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${variantIds}::uuid[], ${quantities}::integer[], ${until}::timestamptz)::text`,
  );
}

/** What the order holds is sold. Once: after that, or after a release, nothing changes. */
export async function commitStock(tx: Queries, orderId: string): Promise<void> {
  await tx.$queryRaw`SELECT commit_stock(${orderId}::uuid)::text`;
}

/** What the order holds can be bought by others. Once: after that, or after a commit, nothing changes. */
export async function releaseStock(tx: Queries, origin: Origin, orderId: string): Promise<void> {
  await tx.$queryRaw`SELECT release_stock(${sqlCall(origin)}::jsonb, ${orderId}::uuid)::text`;
}

/** Pieces that the order has bought are on the shelf again. Fails when they are more than it has left of them. Not idempotent: the order knows. */
export async function restock(tx: Queries, origin: Origin, orderId: string, variantId: string, pieces: number): Promise<void> {
  await tx.$queryRaw`SELECT restock(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${variantId}::uuid, ${pieces}::integer)::text`;
}
