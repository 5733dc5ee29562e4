// The stored saga: each change is one SQL function of migration 0002_orders.
import { type Call, newId, type Origin, refusing, sqlCall, write } from '@moa/kit';
import {
  type Checkout,
  GATHER_LEASE_MS,
  LOOK_AFTER_MS,
  MOST_FAILURES,
  RETRY_MS,
  RETRY_STUCK_MS,
  type UndoReason,
  WORK_LEASE_MS,
} from '../domain/checkout.js';
import type { Address, Item, LineDiscount, Order, OrderLine } from '../domain/order.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { PurchaseDatabase, Queries } from './database.js';
import { cancelUnsent } from './order-steps.js';
import { isChargedBack } from './orders.js';

export interface NewOrder {
  readonly items: readonly Item[];
  readonly couponIds: readonly string[];
  readonly pointsMinor: bigint;
  readonly address: Address;
  readonly returnUrl: string;
  readonly expireTime: Date;
}

/** Holds the stock and writes the order; gives its id. The same request again gives the same order. */
export async function beginOrder(db: PurchaseDatabase, call: Call, order: NewOrder): Promise<string> {
  const asJson = JSON.stringify({
    id: newId(),
    lineIds: order.items.map(() => newId()),
    variantIds: order.items.map(({ variantId }) => variantId),
    quantities: order.items.map(({ quantity }) => quantity),
    prices: order.items.map(({ priceMinor }) => String(priceMinor)),
    currencies: order.items.map(({ currency }) => currency),
    couponIds: order.couponIds,
    points: String(order.pointsMinor),
    address: order.address,
    returnUrl: order.returnUrl,
    expireTime: order.expireTime.toISOString(),
  });
  const statement = Prisma.sql`SELECT begin_order(${sqlCall(call)}::jsonb, ${asJson}::jsonb, ${interval(GATHER_LEASE_MS)}) AS id`;
  const [row] = await write<{ id: string }>(db, fail, statement);
  return row!.id;
}

/** Writes what coupons and points take off. False when the checkout came to nothing meanwhile. */
export async function holdDiscounts(
  db: PurchaseDatabase,
  orderId: string,
  lines: readonly OrderLine[],
  discounts: readonly LineDiscount[],
): Promise<boolean> {
  const asLines = lines.map(({ id, platformCouponMinor, sellerCouponMinor, pointsMinor }) => ({
    id,
    platform: String(platformCouponMinor),
    seller: String(sellerCouponMinor),
    points: String(pointsMinor),
  }));
  const asDiscounts = discounts.map(({ lineId, couponId, payer, discountMinor }) => ({
    line_id: lineId,
    coupon_id: couponId,
    payer,
    discount_minor: String(discountMinor),
  }));
  const [row] = await write<{ held: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT hold_discounts(${orderId}::uuid, ${JSON.stringify(asLines)}::jsonb, ${JSON.stringify(asDiscounts)}::jsonb) AS held`,
  );
  return row!.held;
}

/** The buyer may pay. False when the checkout came to nothing meanwhile. */
export async function awaitPayment(db: PurchaseDatabase, origin: Origin, order: Order, url: string): Promise<boolean> {
  const lookAt = new Date(order.expireTime.getTime() + LOOK_AFTER_MS);
  const [row] = await write<{ placed: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT await_payment(${sqlCall(origin)}::jsonb, ${order.id}::uuid, ${url}::text, ${lookAt}::timestamptz) AS placed`,
  );
  return row!.placed;
}

/** It was paid. If it had come to nothing before, the money goes back; what the payer's bank took back before it was told is not sent. */
export async function payOrder(tx: Queries, origin: Origin, orderId: string): Promise<void> {
  type Row = { readonly outcome: 'paid' | 'known' | 'late' };
  const [{ outcome }] = await tx.$queryRaw<[Row]>`SELECT pay_order(${sqlCall(origin)}::jsonb, ${orderId}::uuid) AS outcome`;
  if (outcome === 'paid' && (await isChargedBack(tx, orderId))) await cancelUnsent(tx, origin, orderId);
}

/** From here on it is undone. False when it was paid, or is being undone. */
export async function beginUndo(tx: Queries, origin: Origin, orderId: string, reason: UndoReason, paymentEnded = false): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ begun: boolean }]>`
    SELECT begin_undo(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${reason}::text, ${paymentEnded}::boolean) AS begun`;
  return row.begun;
}

/** Nothing can be paid any more: others may have the stock. */
export async function endUnpaid(db: PurchaseDatabase, origin: Origin, orderId: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT end_unpaid(${sqlCall(origin)}::jsonb, ${orderId}::uuid)::text`);
}

/** Coupons or points are taken, or given back. */
export async function endStep(
  db: PurchaseDatabase,
  origin: Origin,
  orderId: string,
  step: 'coupons' | 'points',
  progress: 'COMMITTED' | 'UNDONE',
): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT end_step(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${step}::text, ${progress}::text)::text`);
}

/** It could not go on, and is tried again; after too many failures in a row a person has to look. */
export async function noteFailure(db: PurchaseDatabase, origin: Origin, orderId: string, error: string): Promise<void> {
  await write(
    db,
    fail,
    Prisma.sql`SELECT note_failure(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${error}::text, ${MOST_FAILURES}::integer, ${interval(RETRY_MS)},
      ${interval(RETRY_STUCK_MS)})::text`,
  );
}

/** Looks at it again then, if nothing happens before. */
export async function lookAgain({ client }: PurchaseDatabase, orderId: string, nextTime: Date): Promise<void> {
  await client.checkout.updateMany({ where: { orderId, state: 'WAITING' }, data: { nextTime } });
}

/** Checkouts that go on now, for as long as the lease lasts. */
export async function leaseCheckouts({ client }: PurchaseDatabase, origin: Origin, most: number): Promise<string[]> {
  const rows = await client.$queryRaw<{ orderId: string }[]>`
    SELECT order_id AS "orderId" FROM lease_checkouts(${sqlCall(origin)}::jsonb, ${most}::integer, ${interval(WORK_LEASE_MS)})`;
  return rows.map(({ orderId }) => orderId);
}

const withBuyer = { order: { select: { buyerId: true } } } as const;

export interface ShownCheckout extends Checkout {
  readonly order: { readonly buyerId: string };
}

/** Throws ORDER_NOT_FOUND. */
export async function showCheckout(client: Queries, orderId: string): Promise<ShownCheckout> {
  const checkout = (await client.checkout.findUnique({ where: { orderId }, include: withBuyer })) as ShownCheckout | null;
  if (!checkout) throw fail('ORDER_NOT_FOUND', { orderId });
  return checkout;
}

/** Those in a state, newest first, from the one after `after` on. */
export const listCheckouts = async (client: Queries, state: string, after: string | undefined, limit: number): Promise<ShownCheckout[]> =>
  (await client.checkout.findMany({
    where: { state, ...(after && { orderId: { lt: after } }) },
    orderBy: { orderId: 'desc' },
    take: limit,
    include: withBuyer,
  })) as ShownCheckout[];

/** Throws CHECKOUT_NOT_STUCK. */
export async function resolveCheckout(tx: Queries, origin: Origin, orderId: string, resolution: string): Promise<void> {
  await refusing(fail, tx.$queryRaw`SELECT resolve_checkout(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${resolution}::text)::text`);
}

const interval = (ms: number) => Prisma.sql`make_interval(secs => ${ms / 1000}::double precision)`;
