import { type Call, newId, sqlCall, write } from '@moa/kit';
import type { Charge } from '../domain/charge.js';
import type { Attempt, Payment, Refund } from '../domain/payment.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import { asText } from './amounts.js';
import type { PaymentDatabase } from './database.js';
import { reviveRefund, type Stored, timeOf } from './stored.js';

/** One statement for the batch: every charge is taken in, or none and the reason is thrown. */
export async function chargePledges(db: PaymentDatabase, call: Call, charges: readonly Charge[]): Promise<Payment[]> {
  const body = asText(charges.map((charge) => ({ ...charge, newPaymentId: newId() })));
  const [row] = await write<{ answer: StoredPayment[] }>(
    db,
    fail,
    Prisma.sql`SELECT charge_pledges(${sqlCall(call)}::jsonb, ${body}::jsonb) AS answer`,
  );
  return row!.answer.map(revive);
}

// A payment and its attempts are read by one statement: as they were together at one moment.
export async function findPayment({ client }: PaymentDatabase, pledgeId: string): Promise<Payment | undefined> {
  const [row] = await client.$queryRaw<
    { payment: StoredPayment }[]
  >`SELECT payment_json(p) AS payment FROM payment p WHERE pledge_id = ${pledgeId}::uuid`;
  return row && revive(row.payment);
}

/** Whether there is a payment with this id, or of this order. */
export async function isKnown(
  { client }: PaymentDatabase,
  payment: { readonly id: string } | { readonly orderId: string },
): Promise<boolean> {
  return (await client.payment.count({ where: payment })) > 0;
}

/** Newest first, from the one after `after` on. */
export async function listPayments(
  { client }: PaymentDatabase,
  payerId: string,
  after: string | undefined,
  count: number,
): Promise<Payment[]> {
  const rows = await client.$queryRaw<{ payment: StoredPayment }[]>`
    SELECT payment_json(p) AS payment FROM payment p
    WHERE payer_id = ${payerId}::uuid AND order_id IS NULL AND id < ${after ?? LAST_ID}::uuid ORDER BY id DESC LIMIT ${count}`;
  return rows.map(({ payment }) => revive(payment));
}

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** What payment_json writes. */
type StoredPayment = Omit<Stored<Payment>, 'attempts' | 'refunds'> & {
  readonly attempts: readonly Stored<Attempt>[];
  readonly refunds: readonly Stored<Refund>[];
};

const revive = (stored: StoredPayment): Payment => ({
  ...stored,
  amountMinor: BigInt(stored.amountMinor),
  refundedMinor: BigInt(stored.refundedMinor),
  createTime: new Date(stored.createTime),
  attempts: stored.attempts.map((attempt) => ({
    ...attempt,
    createTime: new Date(attempt.createTime),
    settleTime: timeOf(attempt.settleTime),
  })),
  refunds: stored.refunds.map(reviveRefund),
});
