// People who have gone, and what still says where they live.
import { type Database, type Origin, sqlCall } from '@moa/kit';
import type { Client, Queries } from './database.js';

export async function noteClosed(tx: Queries, accountId: string, closeTime: Date): Promise<void> {
  await tx.closedAccount.createMany({ data: [{ accountId, closeTime }], skipDuplicates: true });
}

/** Erases addresses that are not needed any more, so many at most; gives how many. A delivered parcel may come back for so long. */
export async function eraseAddresses({ client }: Database<Client>, origin: Origin, keptMs: number, most: number): Promise<number> {
  const [row] = await client.$queryRaw<
    [{ erased: number }]
  >`SELECT erase_addresses(${sqlCall(origin)}::jsonb, make_interval(secs => ${keptMs / 1000}::double precision), ${most}::integer) AS erased`;
  return row.erased;
}
