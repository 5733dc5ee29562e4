import { type Origin, sqlCall, write } from '@moa/kit';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { PaymentDatabase } from './database.js';

/** A payment whose charge is to be given back. */
export interface Cancel {
  readonly paymentId: string;
  /** The provider's. */
  readonly chargeId: string;
}

/** A cancel that is this process's to end, until its lease ends. */
export interface ClaimedCancel extends Cancel {
  readonly tries: number;
  readonly trace: string | null;
}

/** Writes down that the payment will be given back: from here on it happens, whoever dies meanwhile. */
export async function beginCancel(db: PaymentDatabase, origin: Origin, paymentId: string, reason: string, leaseMs: number): Promise<void> {
  await write(
    db,
    fail,
    Prisma.sql`SELECT begin_cancel(${sqlCall(origin)}::jsonb, ${paymentId}::uuid, ${reason}::text, ${leaseMs}::integer)::text`,
  );
}

/** Takes the cancel that has been due longest, if there is one. */
export async function claimCancel({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedCancel | undefined> {
  const [row] = await client.$queryRaw<ClaimedCancel[]>`
    SELECT payment_id AS "paymentId", charge_id AS "chargeId", tries, trace FROM claim_cancel(${leaseMs}::integer)`;
  return row;
}

/** Nobody takes the cancel before the pause is over. */
export async function postponeCancel({ client }: PaymentDatabase, paymentId: string, pauseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE cancellation SET due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE payment_id = ${paymentId}::uuid AND settle_time IS NULL`;
}

/** Writes that the provider gave it back: payment, ledger and event in one statement, once. False when it was settled before. */
export async function settleCancel(db: PaymentDatabase, origin: Origin, paymentId: string): Promise<boolean> {
  const [row] = await write<{ settled: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT settle_cancel(${sqlCall(origin)}::jsonb, ${paymentId}::uuid) AS settled`,
  );
  return row!.settled;
}
