// Who holds coupons. A holder is an order or a pledge; its row is locked first, then its coupons by id, then their campaigns by id.
import { type Origin, refusing, sqlCall, write } from '@moa/kit';
import type { Quote } from '../domain/rules.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { CouponDatabase, Queries } from './database.js';

export interface NewHolder {
  readonly id: string;
  /** Of what is asked. */
  readonly hash: string;
  readonly expireTime: Date | undefined;
}

/** Opens the holder, or gives what it was answered before, in bytes. Throws HOLDER_RELEASED, HOLDER_DIFFERS. */
export async function openHolder(tx: Queries, { at }: Origin, { id, hash, expireTime }: NewHolder): Promise<Uint8Array | undefined> {
  const opened = await tx.$executeRaw`
    INSERT INTO holder (id, hash, expire_time, create_time) VALUES (${id}::uuid, ${hash}, ${expireTime ?? null}::timestamptz, ${at}) ON CONFLICT DO NOTHING`;
  if (opened === 1) return undefined;
  await tx.$queryRaw`SELECT FROM holder WHERE id = ${id}::uuid FOR UPDATE`;
  const known = (await tx.holder.findUnique({ where: { id } }))!;
  if (known.state === 'RELEASED') throw fail('HOLDER_RELEASED', { holderId: id });
  if (known.hash !== hash) throw fail('HOLDER_DIFFERS', { holderId: id });
  return known.quote!;
}

/** Nobody else reserves these, or spends of their campaigns' money, until the transaction ends. */
export async function lockCoupons(tx: Queries, couponIds: readonly string[]): Promise<void> {
  await tx.$queryRaw`SELECT FROM coupon WHERE id = ANY (${[...couponIds]}::uuid[]) ORDER BY id FOR UPDATE`;
  await tx.$queryRaw`SELECT FROM campaign WHERE id IN (SELECT campaign_id FROM coupon WHERE id = ANY (${[...couponIds]}::uuid[])) ORDER BY id FOR NO KEY UPDATE`;
}

/** Reserves what the quote applies, and remembers the answer. */
export async function reserve(tx: Queries, origin: Origin, holderId: string, { coupons }: Quote, answer: Uint8Array): Promise<void> {
  const ids = coupons.map(({ couponId }) => couponId);
  const discounts = coupons.map(({ discountMinor }) => discountMinor);
  await tx.$queryRaw`SELECT reserve_coupons(${sqlCall(origin)}::jsonb, ${holderId}::uuid, ${ids}::uuid[], ${discounts}::bigint[], ${answer}::bytea)::text`;
}

/** What the holder holds is used. Throws HOLDER_RELEASED. */
export async function commitHolder(db: CouponDatabase, origin: Origin, holderId: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT commit_holder(${sqlCall(origin)}::jsonb, ${holderId}::uuid)::text`);
}

/** Gives back what the holder holds. Throws HOLDER_COMMITTED. */
export async function releaseHolder(db: CouponDatabase, origin: Origin, holderId: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT release_holder(${sqlCall(origin)}::jsonb, ${holderId}::uuid)::text`);
}

export interface ReturnedDiscount {
  readonly couponId: string;
  readonly discountMinor: bigint;
}

/** Less was taken off after all; in full: coupons whose campaign says so are given back. */
export async function returnDiscounts(
  tx: Queries,
  origin: Origin,
  holderId: string,
  discounts: readonly ReturnedDiscount[],
  inFull: boolean,
): Promise<void> {
  const ids = discounts.map(({ couponId }) => couponId);
  const minors = discounts.map(({ discountMinor }) => discountMinor);
  await refusing(
    fail,
    tx.$queryRaw`SELECT return_discounts(${sqlCall(origin)}::jsonb, ${holderId}::uuid, ${ids}::uuid[], ${minors}::bigint[], ${inFull}::boolean)::text`,
  );
}

/** Ends holders and coupons whose time is over; gives how many. */
export async function expireDue(db: CouponDatabase, origin: Origin, most: number, graceMs: number): Promise<number> {
  const grace = Prisma.sql`make_interval(secs => ${graceMs / 1000}::double precision)`;
  const [row] = await write<{ done: number }>(
    db,
    fail,
    Prisma.sql`SELECT expire_due(${sqlCall(origin)}::jsonb, ${most}::integer, ${grace}) AS done`,
  );
  return row!.done;
}
