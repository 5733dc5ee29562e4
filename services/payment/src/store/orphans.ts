// Charges of the provider's that none of our attempts stands for.
import { type Origin, sqlCall, write } from '@moa/kit';
import type { Entry } from '../domain/ledger.js';
import type { OrphanReason } from '../domain/orphan.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { ProviderCharge } from '../provider/port.js';
import { asText } from './amounts.js';
import type { PaymentDatabase } from './database.js';

/** One that is this process's to give back, until its lease ends. */
export interface ClaimedOrphan {
  readonly chargeId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly tries: number;
  readonly trace: string | null;
}

/** Orphan and ledger in one statement, once. False when it was taken in before. */
export async function saveOrphan(
  db: PaymentDatabase,
  origin: Origin,
  { id, idempotencyKey, currency, amountMinor }: ProviderCharge,
  reason: OrphanReason,
  entries: readonly Entry[],
): Promise<boolean> {
  const [row] = await write<{ taken: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT take_orphan(${sqlCall(origin)}::jsonb, ${id}::text, ${idempotencyKey}::text, ${reason}::text, ${currency}::text,
      ${amountMinor}::bigint, ${asText(entries)}::jsonb) AS taken`,
  );
  return row!.taken;
}

/** Takes the one that has been due longest, if there is one. */
export async function claimOrphan({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedOrphan | undefined> {
  const [row] = await client.$queryRaw<ClaimedOrphan[]>`
    SELECT provider_charge_id AS "chargeId", currency::text, amount_minor AS "amountMinor", tries, trace FROM claim_orphan(${leaseMs}::integer)`;
  return row;
}

/** Nobody takes it before the pause is over. */
export async function postponeOrphan({ client }: PaymentDatabase, { chargeId }: ClaimedOrphan, pauseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE orphan SET due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE provider_charge_id = ${chargeId} AND settle_time IS NULL`;
}

/** Orphan and ledger in one statement, once. False when that was written before. */
export async function settleOrphan(db: PaymentDatabase, origin: Origin, chargeId: string, entries: readonly Entry[]): Promise<boolean> {
  const [row] = await write<{ settled: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT settle_orphan(${sqlCall(origin)}::jsonb, ${chargeId}::text, ${asText(entries)}::jsonb) AS settled`,
  );
  return row!.settled;
}
