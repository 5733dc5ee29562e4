// What is to be given back for lines that were taken back, step by step.
import { type Origin, refusing, sqlCall, transaction, write } from '@moa/kit';
import type { GiveBack, GiveBackStep } from '../domain/give-back.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { PurchaseDatabase, Queries } from './database.js';

const RETRY_MS = 2_000;
const RETRY_AT_MOST_MS = 60 * 60_000;

/** Nobody else gets them while the lease lasts. */
export async function leaseGiveBacks({ client }: PurchaseDatabase, origin: Origin, most: number, leaseMs: number): Promise<GiveBack[]> {
  const rows = await client.$queryRaw<GiveBackRow[]>`
    SELECT g.id, order_id AS "orderId", reason, currency, paid_minor AS "paidMinor", points_minor AS "pointsMinor", parts, discounts,
        in_full AS "inFull", payment, points, coupons
      FROM lease_give_backs(${sqlCall(origin)}::jsonb, ${most}::integer, ${interval(leaseMs)}) AS g`;
  return rows.map(giveBackOf);
}

/** Payment has taken it: so much of the order has been given back by now. */
export async function endPaymentStep(
  db: PurchaseDatabase,
  origin: Origin,
  { id, orderId }: GiveBack,
  soFarMinor: bigint | undefined,
): Promise<void> {
  await transaction(db, async (tx) => {
    // The order before what is given back of it, as who takes lines back does.
    if (soFarMinor !== undefined) await takeRefund(tx, origin, orderId, soFarMinor);
    await tx.$queryRaw`SELECT end_give_back_step(${id}::uuid, 'payment')::text`;
  });
}

export async function endGiveBackStep(db: PurchaseDatabase, { id }: GiveBack, step: GiveBackStep): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT end_give_back_step(${id}::uuid, ${step}::text)::text`);
}

/** It could not go on, and is tried again. */
export async function noteGiveBackFailure(db: PurchaseDatabase, origin: Origin, { id }: GiveBack, error: string): Promise<void> {
  const call = sqlCall(origin);
  const [again, atMost] = [interval(RETRY_MS), interval(RETRY_AT_MOST_MS)];
  await write(db, fail, Prisma.sql`SELECT note_give_back_failure(${call}::jsonb, ${id}::uuid, ${error}::text, ${again}, ${atMost})::text`);
}

/** Whether what the order held of coupons and points was taken: before that nothing of it can be given back. */
export async function isCommitted({ client }: PurchaseDatabase, orderId: string): Promise<boolean> {
  return (await client.checkout.findUnique({ where: { orderId }, select: { state: true } }))?.state === 'DONE';
}

/** So much of the order has been given back by now, as payment says. */
export async function takeRefund(tx: Queries, origin: Origin, orderId: string, soFarMinor: bigint): Promise<void> {
  await refusing(fail, tx.$queryRaw`SELECT take_refund(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${soFarMinor}::bigint)::text`);
}

interface GiveBackRow extends Omit<GiveBack, 'parts' | 'discounts'> {
  readonly parts: { sellerId: string; paid: string; platformCoupon: string; sellerCoupon: string; points: string }[];
  readonly discounts: { couponId: string; discount: string }[];
}

const giveBackOf = ({ parts, discounts, ...row }: GiveBackRow): GiveBack => ({
  ...row,
  parts: parts.map(({ sellerId, paid, platformCoupon, sellerCoupon, points }) => ({
    sellerId,
    paidMinor: BigInt(paid),
    platformCouponMinor: BigInt(platformCoupon),
    sellerCouponMinor: BigInt(sellerCoupon),
    pointsMinor: BigInt(points),
  })),
  discounts: discounts.map(({ couponId, discount }) => ({ couponId, discountMinor: BigInt(discount) })),
});

const interval = (ms: number) => Prisma.sql`make_interval(secs => ${ms / 1000}::double precision)`;
