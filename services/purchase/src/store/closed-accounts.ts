// People who have gone, and what still says where they live.
import { type Origin, sqlCall } from '@moa/kit';
import type { PurchaseDatabase, Queries } from './database.js';

export async function noteClosed(tx: Queries, accountId: string, closeTime: Date): Promise<void> {
  await tx.closedAccount.createMany({ data: [{ accountId, closeTime }], skipDuplicates: true });
}

/** Erases addresses that are not needed any more, so many at most; gives how many. */
export async function eraseAddresses({ client }: PurchaseDatabase, origin: Origin, most: number): Promise<number> {
  const [row] = await client.$queryRaw<[{ erased: number }]>`SELECT erase_addresses(${sqlCall(origin)}::jsonb, ${most}::integer) AS erased`;
  return row.erased;
}
