import { type Origin, sqlCall, type Transaction } from '@moa/kit';
import type { LedgerAccountName } from '../domain/ledger.js';
import type { PrismaClient } from '../generated/client.js';
import type { PaymentDatabase } from './database.js';

export interface Balance {
  readonly balanceMinor: bigint;
  readonly entryCount: bigint;
}

/** The sum of an account's entries, of one owner or of all. */
export async function readBalance(
  { client }: PaymentDatabase,
  account: LedgerAccountName,
  currency: string,
  ownerId: string | undefined,
): Promise<Balance> {
  const [row] = await client.$queryRaw<Balance[]>`
    SELECT coalesce(sum(amount_minor), 0)::bigint AS "balanceMinor", count(*) AS "entryCount" FROM ledger_entry
    WHERE account = ${account} AND currency = ${currency} AND (${ownerId ?? null}::uuid IS NULL OR owner_id = ${ownerId ?? null}::uuid)`;
  return row!;
}

export interface EntryFilter {
  readonly account: LedgerAccountName;
  readonly currency: string;
  readonly ownerId: string | undefined;
  readonly paymentId: string | undefined;
}

/** Newest first, from the one before `before` on. */
export const listEntries = (
  { client }: PaymentDatabase,
  { account, currency, ownerId, paymentId }: EntryFilter,
  before: bigint | undefined,
  count: number,
) =>
  client.ledgerEntry.findMany({
    where: {
      account,
      currency,
      ...(ownerId && { ownerId }),
      ...(paymentId && { transaction: { paymentId } }),
      ...(before !== undefined && { id: { lt: before } }),
    },
    include: { transaction: true },
    orderBy: { id: 'desc' },
    take: count,
  });

export type EntryRow = Awaited<ReturnType<typeof listEntries>>[number];

/** Posts a change of somebody's points, once for each entry of the user service. Negative: they became fewer. */
export async function postPoints(
  tx: Transaction<PrismaClient>,
  origin: Origin,
  entryId: string,
  currency: string,
  amountMinor: bigint,
): Promise<void> {
  await tx.$queryRaw`SELECT post_points(${sqlCall(origin)}::jsonb, ${entryId}::text, ${currency}::text, ${amountMinor}::bigint)::text`;
}
