import { newId, type Origin, sqlCall, write } from '@moa/kit';
import type { RefundLine } from '../domain/instant-payment.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { ProviderRefund } from '../provider/port.js';
import { asText } from './amounts.js';
import type { PaymentDatabase } from './database.js';

/** Money to be given back. */
export interface OpenRefund {
  readonly id: string;
  readonly paymentId: string;
  /** The provider's. */
  readonly chargeId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly reason: string;
  readonly tries: number;
}

/** A refund that is this process's to end, until its lease ends. */
export interface ClaimedRefund extends OpenRefund {
  readonly trace: string | null;
}

/** A refund that somebody asks for. */
export interface RefundToBegin {
  readonly id: string;
  readonly paymentId: string;
  /** Undefined: all that is left. */
  readonly amountMinor: bigint | undefined;
  /** Of an order: whom it is taken off. Without them of all, in proportion to what is left of each. */
  readonly lines?: readonly RefundLine[] | undefined;
  readonly reason: string;
}

/**
 * Writes down that money will be given back: from here on it happens, whoever dies meanwhile.
 * False when that was done before. Throws REFUND_TOO_LARGE and PAYMENT_CHARGED_BACK.
 */
export async function beginRefund(db: PaymentDatabase, origin: Origin, refund: RefundToBegin, leaseMs: number): Promise<boolean> {
  const { id, paymentId, amountMinor, lines, reason } = refund;
  const [row] = await write<{ begun: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT begin_refund(${sqlCall(origin)}::jsonb, ${id}::uuid, ${paymentId}::uuid, ${amountMinor ?? null}::bigint, ${reason}::text,
      ${leaseMs}::integer, ${lines ? asText(lines) : null}::jsonb) AS begun`,
  );
  return row!.begun;
}

/** Takes the refund that has been due longest, if there is one. */
export async function claimRefund({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedRefund | undefined> {
  const [row] = await client.$queryRaw<ClaimedRefund[]>`
    SELECT id, payment_id AS "paymentId", charge_id AS "chargeId", currency, amount_minor AS "amountMinor", reason, tries, trace
    FROM claim_refund(${leaseMs}::integer)`;
  return row;
}

/** Those of a payment that have not ended. */
export const openRefunds = (
  { client }: PaymentDatabase,
  paymentId: string,
): Promise<{ id: string; amountMinor: bigint; reason: string; tries: number }[]> =>
  client.refund.findMany({
    where: { paymentId, state: 'BEGUN' },
    select: { id: true, amountMinor: true, reason: true, tries: true },
    orderBy: { id: 'asc' },
  });

/** Nobody takes the refund before the pause is over. */
export async function postponeRefund({ client }: PaymentDatabase, id: string, pauseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE refund SET due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE id = ${id}::uuid AND state = 'BEGUN'`;
}

/** Writes that the provider gave it back: refund, payment, ledger and event in one statement, once. False when it was settled before. */
export const settleRefund = (db: PaymentDatabase, origin: Origin, id: string, feeMinor: bigint): Promise<boolean> =>
  changed(db, Prisma.sql`settle_refund(${sqlCall(origin)}::jsonb, ${id}::uuid, ${feeMinor}::bigint)`);

/** Writes that the provider will not give it back. */
export const refuseRefund = (db: PaymentDatabase, origin: Origin, id: string): Promise<boolean> =>
  changed(db, Prisma.sql`refuse_refund(${sqlCall(origin)}::jsonb, ${id}::uuid)`);

/** Writes what the provider gave back of its own accord, the first time that it tells of it. */
export const takeForeignRefund = (db: PaymentDatabase, origin: Origin, paymentId: string, refund: ProviderRefund): Promise<boolean> =>
  changed(
    db,
    Prisma.sql`take_foreign_refund(${sqlCall(origin)}::jsonb, ${newId()}::uuid, ${paymentId}::uuid, ${refund.id}::text, ${refund.amountMinor}::bigint,
      ${refund.feeMinor}::bigint)`,
  );

/** Writes that the payer's bank took back what was left. */
export const chargeBack = (db: PaymentDatabase, origin: Origin, paymentId: string): Promise<boolean> =>
  changed(db, Prisma.sql`charge_back(${sqlCall(origin)}::jsonb, ${paymentId}::uuid)`);

async function changed(db: PaymentDatabase, call: Prisma.Sql): Promise<boolean> {
  const [row] = await write<{ changed: boolean }>(db, fail, Prisma.sql`SELECT ${call} AS changed`);
  return row!.changed;
}
