import { type Origin, sqlCall, write } from '@moa/kit';
import { entriesOfCharge } from '../domain/ledger.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { ProviderCharge, Refusal } from '../provider/port.js';
import type { PaymentDatabase } from './database.js';

/** An attempt as far as settling it needs. */
export interface OpenAttempt {
  readonly paymentId: string;
  readonly number: number;
  readonly pledgeId: string;
  readonly sellerId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** An attempt that is this process's to work on, until its lease ends. */
export interface ClaimedAttempt extends OpenAttempt {
  /** UNKNOWN: somebody may have sent it before. */
  readonly was: 'PENDING' | 'UNKNOWN';
  readonly tries: number;
  readonly trace: string | null;
  readonly billingKey: string;
  /** Whose card it is. */
  readonly payerId: string;
}

/** Takes the attempt that has been due longest, if there is one. Copies of the service never get the same one. */
export async function claimAttempt({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedAttempt | undefined> {
  const [row] = await client.$queryRaw<ClaimedAttempt[]>`
    SELECT a.payment_id AS "paymentId", a.number, a.was, a.tries, a.trace, a.billing_key AS "billingKey", a.pledge_id AS "pledgeId",
      a.seller_id AS "sellerId", a.currency, a.amount_minor AS "amountMinor", p.payer_id AS "payerId"
    FROM claim_attempt(${leaseMs}::integer) a JOIN payment p ON p.id = a.payment_id`;
  return row;
}

/** The provider gave no answer: nobody takes the attempt before the pause is over. */
export async function postponeAttempt({ client }: PaymentDatabase, { paymentId, number }: OpenAttempt, pauseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE attempt SET due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE payment_id = ${paymentId}::uuid AND number = ${number} AND state = 'UNKNOWN'`;
}

export async function findAttempt({ client }: PaymentDatabase, paymentId: string, number: number): Promise<OpenAttempt | undefined> {
  const row = await client.attempt.findUnique({ where: { paymentId_number: { paymentId, number } }, include: { payment: true } });
  if (!row) return undefined;
  const { pledgeId, sellerId, currency, amountMinor } = row.payment;
  return { paymentId, number, pledgeId, sellerId, currency, amountMinor };
}

/** Writes what the provider said: attempt, payment, ledger and event in one statement, once. False when it was settled before. */
export async function settleAttempt(
  db: PaymentDatabase,
  origin: Origin,
  attempt: OpenAttempt,
  charge: ProviderCharge | Refusal,
): Promise<boolean> {
  const { paymentId, number, sellerId, amountMinor } = attempt;
  const paid = charge.state !== 'DECLINED' && charge.state !== 'REFUSED';
  const chargeId = charge.state === 'REFUSED' ? null : charge.id;
  const decline = paid ? null : ((charge.state === 'REFUSED' ? charge.code : charge.declineCode) ?? 'declined');
  const entries = paid ? entriesOfCharge({ amountMinor, providerFeeMinor: charge.feeMinor, sellerId }) : [];
  const [row] = await write<{ settled: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT settle_attempt(${sqlCall(origin)}::jsonb, ${paymentId}::uuid, ${number}::integer, ${chargeId}::text, ${decline}::text,
      ${JSON.stringify(entries, amountsAsText)}::jsonb) AS settled`,
  );
  return row!.settled;
}

const amountsAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
