import { type Call, newId, type Origin, sqlCall, write } from '@moa/kit';
import type { Confirmation, InstantPayment, OrderToPay, StoredShare } from '../domain/instant-payment.js';
import type { Refund } from '../domain/payment.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import { asText } from './amounts.js';
import type { PaymentDatabase } from './database.js';
import { reviveRefund, type Stored, timeOf } from './stored.js';

/** Stores what is to be paid, once for each order. Throws ORDER_CHANGED when it was something else before. */
export const createInstantPayment = (db: PaymentDatabase, call: Call, order: OrderToPay): Promise<InstantPayment> =>
  changed(db, Prisma.sql`create_instant_payment(${sqlCall(call)}::jsonb, ${asText({ ...order, id: newId() })}::jsonb)`);

/** Writes where the buyer goes. */
export const openCheckout = (db: PaymentDatabase, id: string, url: string): Promise<InstantPayment> =>
  changed(db, Prisma.sql`open_checkout(${id}::uuid, ${url}::text)`);

export interface WantedConfirmation {
  readonly orderId: string;
  readonly payerId: string;
  readonly paymentKey: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

/** Begins to approve, or gives what became of the attempt with this key. Throws why not. */
export const beginConfirmation = (
  db: PaymentDatabase,
  origin: Origin,
  { orderId, payerId, paymentKey, currency, amountMinor }: WantedConfirmation,
  mostAttempts: number,
  leaseMs: number,
): Promise<InstantPayment> =>
  changed(
    db,
    Prisma.sql`begin_confirmation(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${payerId}::uuid, ${paymentKey}::text, ${currency}::text,
      ${amountMinor}::bigint, ${mostAttempts}::integer, ${leaseMs}::integer)`,
  );

/** Cancels a payment that is not paid. False when it is, or has ended. */
export async function cancelUnpaid(db: PaymentDatabase, origin: Origin, orderId: string): Promise<boolean> {
  const [row] = await write<{ canceled: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT cancel_unpaid(${sqlCall(origin)}::jsonb, ${orderId}::uuid) AS canceled`,
  );
  return row!.canceled;
}

/** Ends payments whose time is over; gives how many, at most so many. */
export async function expireUnpaid(db: PaymentDatabase, origin: Origin, most: number): Promise<number> {
  const [row] = await write<{ expired: number }>(
    db,
    fail,
    Prisma.sql`SELECT expire_unpaid(${sqlCall(origin)}::jsonb, ${most}::integer) AS expired`,
  );
  return row!.expired;
}

// A payment and its history are read by one statement: as they were together at one moment.
export async function findByOrder({ client }: PaymentDatabase, orderId: string): Promise<InstantPayment | undefined> {
  const [row] = await client.$queryRaw<
    { payment: StoredPayment }[]
  >`SELECT instant_payment_json(p) AS payment FROM payment p WHERE order_id = ${orderId}::uuid`;
  return row && revive(row.payment);
}

/** Newest first, from the one after `after` on. */
export async function listOfOrders(
  { client }: PaymentDatabase,
  payerId: string,
  after: string | undefined,
  count: number,
): Promise<InstantPayment[]> {
  const rows = await client.$queryRaw<{ payment: StoredPayment }[]>`
    SELECT instant_payment_json(p) AS payment FROM payment p
    WHERE payer_id = ${payerId}::uuid AND order_id IS NOT NULL AND id < ${after ?? LAST_ID}::uuid ORDER BY id DESC LIMIT ${count}`;
  return rows.map(({ payment }) => revive(payment));
}

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

async function changed(db: PaymentDatabase, call: Prisma.Sql): Promise<InstantPayment> {
  const [row] = await write<{ payment: StoredPayment }>(db, fail, Prisma.sql`SELECT ${call} AS payment`);
  return revive(row!.payment);
}

/** What instant_payment_json writes. */
type StoredPayment = Omit<Stored<InstantPayment>, 'shares' | 'attempts' | 'refunds'> & {
  readonly shares: readonly Stored<StoredShare>[];
  readonly attempts: readonly Stored<Confirmation>[];
  readonly refunds: readonly Stored<Refund>[];
};

const revive = (stored: StoredPayment): InstantPayment => ({
  ...stored,
  amountMinor: BigInt(stored.amountMinor),
  refundedMinor: BigInt(stored.refundedMinor),
  createTime: new Date(stored.createTime),
  expireTime: new Date(stored.expireTime),
  endTime: timeOf(stored.endTime),
  shares: stored.shares.map((share) => ({
    ...share,
    paidMinor: BigInt(share.paidMinor),
    platformCouponMinor: BigInt(share.platformCouponMinor),
    sellerCouponMinor: BigInt(share.sellerCouponMinor),
    pointsMinor: BigInt(share.pointsMinor),
    refundedMinor: BigInt(share.refundedMinor),
    platformFixedMinor: BigInt(share.platformFixedMinor),
  })),
  attempts: stored.attempts.map((attempt) => ({
    ...attempt,
    createTime: new Date(attempt.createTime),
    settleTime: timeOf(attempt.settleTime),
  })),
  refunds: stored.refunds.map(reviveRefund),
});
