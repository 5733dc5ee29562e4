import { type Origin, refusing, sqlCall, type Transaction, write } from '@moa/kit';
import type { PayoutState } from '../domain/settlement.js';
import { fail } from '../errors.js';
import { type Payout, Prisma, type PrismaClient } from '../generated/client.js';
import type { PaymentDatabase } from './database.js';

type Queries = Transaction<PrismaClient>;

export type PayoutRow = Payout & { readonly settlement: { readonly currency: string } };

const withCurrency = { settlement: { select: { currency: true } } } as const;

/** A payout that is this process's to make, until its lease ends. */
export interface ClaimedPayout {
  readonly id: string;
  readonly settlementId: string;
  readonly sellerId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly tries: number;
  readonly trace: string | null;
}

export async function requestPayout(tx: Queries, call: Origin, id: string, settlementId: string): Promise<void> {
  await refusing(fail, tx.$queryRaw`SELECT request_payout(${sqlCall(call)}::jsonb, ${id}::uuid, ${settlementId}::uuid)::text`);
}

/** Throws SAME_PERSON when it is decided by the one who asked for it. */
export async function decidePayout(tx: Queries, call: Origin, id: string, approved: boolean, reason: string): Promise<void> {
  await refusing(
    fail,
    tx.$queryRaw`SELECT decide_payout(${sqlCall(call)}::jsonb, ${id}::uuid, ${approved}::boolean, ${reason}::text)::text`,
  );
}

export const findPayout = (client: Queries, id: string): Promise<PayoutRow | null> =>
  client.payout.findUnique({ where: { id }, include: withCurrency });

/** Newest first, from the one after `after` on. */
export const listPayouts = (
  { client }: PaymentDatabase,
  state: PayoutState | undefined,
  after: string | undefined,
  count: number,
): Promise<PayoutRow[]> =>
  client.payout.findMany({
    where: { ...(state && { state }), ...(after && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: count,
    include: withCurrency,
  });

/** Takes the approved payout that has been due longest, if there is one. */
export async function claimPayout({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedPayout | undefined> {
  const [row] = await client.$queryRaw<ClaimedPayout[]>`
    SELECT id, settlement_id AS "settlementId", seller_id AS "sellerId", currency, amount_minor AS "amountMinor", tries, trace
    FROM claim_payout(${leaseMs}::integer)`;
  return row;
}

/** Nobody takes the payout before the pause is over. */
export async function postponePayout({ client }: PaymentDatabase, id: string, pauseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE payout SET due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE id = ${id}::uuid AND state = 'APPROVED'`;
}

/** Writes that the bank has made it: payout, ledger and event in one statement, once. */
export async function settlePayout(db: PaymentDatabase, origin: Origin, id: string, transferId: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT settle_payout(${sqlCall(origin)}::jsonb, ${id}::uuid, ${transferId}::text)`);
}

export async function failPayout(db: PaymentDatabase, origin: Origin, id: string, reason: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT fail_payout(${sqlCall(origin)}::jsonb, ${id}::uuid, ${reason}::text)`);
}
