// What coupon says of coupons, as far as it has been heard. Events may come twice, late and in any order.
import type { Database, Transaction } from '@moa/kit';
import type { CouponState } from '../domain/coupon.js';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export interface CouponCopy {
  readonly id: string;
  readonly ownerId: string;
  readonly campaignId: string;
  /** Name and end are undefined of an event that does not say them. */
  readonly name: string | undefined;
  readonly state: CouponState;
  readonly version: bigint;
  readonly issueTime: Date;
  readonly expireTime: Date | undefined;
}

/** Brings the copy up to what an event says; an older version only tells what never changes. */
export async function saveCoupon(tx: Tx, coupon: CouponCopy): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO coupon_copy AS held (id, owner_id, campaign_id, name, state, version, issue_time, expire_time)
      VALUES (${coupon.id}::uuid, ${coupon.ownerId}::uuid, ${coupon.campaignId}::uuid, ${coupon.name ?? ''}, ${coupon.state}, ${coupon.version},
        ${coupon.issueTime}, ${coupon.expireTime ?? null}::timestamptz)
    ON CONFLICT (id) DO UPDATE SET
      name = coalesce(nullif(excluded.name, ''), held.name),
      state = CASE WHEN excluded.version > held.version THEN excluded.state ELSE held.state END,
      version = greatest(held.version, excluded.version),
      issue_time = least(held.issue_time, excluded.issue_time),
      expire_time = coalesce(excluded.expire_time, held.expire_time)`;
}

type ShownCoupon = Omit<CouponCopy, 'ownerId' | 'version' | 'name' | 'expireTime'> & {
  readonly name: string;
  readonly expireTime: Date | null;
};

export interface CouponsOfPerson {
  readonly usableCount: number;
  readonly expiringCount: number;
  readonly newest: readonly ShownCoupon[];
}

/** Those that can be used. One statement: the counts and the rows are of the same moment. */
export async function findCoupons(
  { client }: Database<PrismaClient>,
  ownerId: string,
  at: Date,
  horizon: Date,
  most: number,
): Promise<CouponsOfPerson> {
  const rows = await client.$queryRaw<(ShownCoupon & { usableCount: bigint; expiringCount: bigint })[]>`
    SELECT id, campaign_id AS "campaignId", name, state, issue_time AS "issueTime", expire_time AS "expireTime", count(*) OVER () AS "usableCount",
      count(*) FILTER (WHERE expire_time <= ${horizon}::timestamptz) OVER () AS "expiringCount"
    FROM coupon_copy WHERE owner_id = ${ownerId}::uuid AND state = 'ISSUED' AND expire_time > ${at}::timestamptz
    ORDER BY issue_time DESC, id DESC LIMIT ${most}`;
  return { usableCount: Number(rows[0]?.usableCount ?? 0), expiringCount: Number(rows[0]?.expiringCount ?? 0), newest: rows };
}
