import type { Transaction } from '@moa/kit';
import type { Business } from '../domain/closing.js';
import { LIVE_ORDER_STATES } from '../domain/order.js';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

const LIVE_PLEDGES = ['ACTIVE', 'CHARGING', 'PAYMENT_FAILED'];
const PAID_PLEDGES = ['PAID', 'REFUNDED', 'CHARGED_BACK'];
const NEVER_PAID_ORDERS = ['PENDING', 'AWAITING_PAYMENT', 'EXPIRED'];

/** As far as it has been heard of. */
export async function findBusiness(tx: Tx, accountId: string): Promise<Business> {
  const [row] = await tx.$queryRaw<[Business]>`
    SELECT o."liveOrders", p."livePledges", p.parcels, greatest(o."lastPaidTime", p."lastPaidTime") AS "lastPaidTime",
      greatest(o."lastDisputeTime", p."lastDisputeTime") AS "lastDisputeTime"
    FROM (SELECT count(*) FILTER (WHERE state = ANY (${LIVE_ORDER_STATES}::text[]))::integer AS "liveOrders",
        max(create_time) FILTER (WHERE state <> ALL (${NEVER_PAID_ORDERS}::text[])) AS "lastPaidTime",
        max(create_time) FILTER (WHERE refunded_minor > 0) AS "lastDisputeTime"
      FROM order_copy WHERE buyer_id = ${accountId}::uuid) AS o,
    (SELECT count(*) FILTER (WHERE state = ANY (${LIVE_PLEDGES}::text[]))::integer AS "livePledges",
        count(*) FILTER (WHERE state = 'PAID' AND NOT EXISTS (SELECT FROM review_right r WHERE r.subject_id = c.id))::integer AS parcels,
        max(create_time) FILTER (WHERE state = ANY (${PAID_PLEDGES}::text[])) AS "lastPaidTime",
        max(create_time) FILTER (WHERE state IN ('REFUNDED', 'CHARGED_BACK')) AS "lastDisputeTime"
      FROM pledge_copy c WHERE backer_id = ${accountId}::uuid) AS p`;
  return row;
}

/** Nothing is left of who it was. Gives the next version; undefined when it was closed before. */
export async function eraseProfile(tx: Tx, accountId: string, at: Date): Promise<bigint | undefined> {
  const rows = await tx.$queryRaw<{ version: bigint }[]>`
    INSERT INTO profile AS p (account_id, version, create_time, close_time) VALUES (${accountId}::uuid, 1, ${at}, ${at})
    ON CONFLICT (account_id) DO UPDATE SET name = '', phone = '', interest_categories = '{}', addresses = '[]', version = p.version + 1, close_time = ${at}
      WHERE p.close_time IS NULL RETURNING version`;
  return rows[0]?.version;
}
