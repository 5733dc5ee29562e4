import { newId, type Origin, sqlCall, write } from '@moa/kit';
import { attemptOfKey, orderOfKey } from '../domain/charge.js';
import { entriesOfCharge, type ShareToPost } from '../domain/charge-entries.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { ProviderCharge, Refusal } from '../provider/port.js';
import { asText } from './amounts.js';
import type { PaymentDatabase } from './database.js';
import { findByOrder } from './instant-payments.js';

/** A confirmation as far as settling it needs. */
export interface OpenConfirmation {
  readonly paymentId: string;
  readonly number: number;
  readonly orderId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly shares: readonly ShareToPost[];
}

/** A confirmation that is this process's to work on, until its lease ends. */
export interface ClaimedConfirmation {
  readonly paymentId: string;
  readonly number: number;
  readonly orderId: string;
  readonly paymentKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly tries: number;
  readonly trace: string | null;
  /** False: the payment has ended meanwhile. */
  readonly wanted: boolean;
}

/** Takes the open confirmation that has been due longest, if there is one. */
export async function claimConfirmation({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedConfirmation | undefined> {
  const [row] = await client.$queryRaw<ClaimedConfirmation[]>`
    SELECT payment_id AS "paymentId", number, order_id AS "orderId", payment_key AS "paymentKey", currency, amount_minor AS "amountMinor", tries, trace,
      wanted FROM claim_confirmation(${leaseMs}::integer)`;
  return row;
}

/** The provider gave no answer: nobody takes the confirmation before the pause is over. */
export async function postponeConfirmation(
  { client }: PaymentDatabase,
  { paymentId, number }: Pick<OpenConfirmation, 'paymentId' | 'number'>,
  pauseMs: number,
): Promise<void> {
  await client.$executeRaw`
    UPDATE confirmation SET due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE payment_id = ${paymentId}::uuid AND number = ${number} AND state = 'UNKNOWN'`;
}

/** The confirmation that a charge of the provider is: by our key, or by the order and the payment key. */
export async function confirmationOf(db: PaymentDatabase, charge: ProviderCharge): Promise<OpenConfirmation | undefined> {
  const key = attemptOfKey(charge.idempotencyKey);
  const orderId = key ? await orderOf(db, key.paymentId) : orderOfKey(charge.idempotencyKey);
  const payment = orderId ? await findByOrder(db, orderId) : undefined;
  const attempt = payment?.attempts.find(({ number, paymentKey }) => (key ? number === key.number : paymentKey === charge.id));
  return payment && attempt && { ...payment, paymentId: payment.id, number: attempt.number };
}

async function orderOf({ client }: PaymentDatabase, paymentId: string): Promise<string | null | undefined> {
  return (await client.payment.findUnique({ where: { id: paymentId }, select: { orderId: true } }))?.orderId;
}

/** Writes what the provider said: attempt, payment, ledger and event in one statement, once. False when it was settled before. */
export async function settleConfirmation(
  db: PaymentDatabase,
  origin: Origin,
  { paymentId, number, shares }: OpenConfirmation,
  charge: ProviderCharge | Refusal,
): Promise<boolean> {
  const paid = charge.state !== 'DECLINED' && charge.state !== 'REFUSED';
  const chargeId = charge.state === 'REFUSED' ? null : charge.id;
  const decline = paid ? null : ((charge.state === 'REFUSED' ? charge.code : charge.declineCode) ?? 'declined');
  const { entries, fees } = paid ? entriesOfCharge(shares, charge.feeMinor) : { entries: [], fees: [] };
  const [row] = await write<{ settled: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT settle_confirmation(${sqlCall(origin)}::jsonb, ${paymentId}::uuid, ${number}::integer, ${chargeId}::text, ${decline}::text,
      ${asText(fees)}::jsonb, ${asText(entries)}::jsonb, ${newId()}::uuid) AS settled`,
  );
  return row!.settled;
}

/** An ended payment whose page is still to be closed. */
export interface ClaimedClose {
  readonly paymentId: string;
  readonly orderId: string;
  readonly tries: number;
}

/** Takes the page that has been due longest, if there is one. */
export async function claimClose({ client }: PaymentDatabase, leaseMs: number): Promise<ClaimedClose | undefined> {
  const [row] = await client.$queryRaw<ClaimedClose[]>`
    SELECT payment_id AS "paymentId", order_id AS "orderId", tries FROM claim_close(${leaseMs}::integer)`;
  return row;
}

/** Nobody closes it before the pause is over. */
export async function postponeClose({ client }: PaymentDatabase, paymentId: string, pauseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE instant_payment SET close_due_time = clock_timestamp() + ${pauseMs}::integer * interval '1 millisecond'
    WHERE payment_id = ${paymentId}::uuid AND close_due_time IS NOT NULL`;
}

export async function finishClose({ client }: PaymentDatabase, paymentId: string): Promise<void> {
  await client.instantPayment.update({ where: { paymentId }, data: { closeDueTime: null } });
}
