// What purchase says of orders, as far as it has been heard. Events may come twice, late and in any order.
import type { Database, Transaction } from '@moa/kit';
import { LIVE_ORDER_STATES, type OrderState } from '../domain/order.js';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export interface OrderCopy {
  readonly id: string;
  readonly buyerId: string;
  /** Undefined of an event that does not say it. */
  readonly name: string | undefined;
  readonly state: OrderState;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly refundedMinor: bigint;
  readonly version: bigint;
  /** When it was placed, or of an event that came before that one. */
  readonly createTime: Date;
}

/** Brings the copy up to what an event says; an older version only tells its name, and when it was placed. */
export async function saveOrder(tx: Tx, order: OrderCopy): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO order_copy AS held (id, buyer_id, name, state, currency, total_minor, refunded_minor, version, create_time)
      VALUES (${order.id}::uuid, ${order.buyerId}::uuid, ${order.name ?? ''}, ${order.state}, ${order.currency}, ${order.totalMinor},
        ${order.refundedMinor}, ${order.version}, ${order.createTime})
    ON CONFLICT (id) DO UPDATE SET
      name = coalesce(nullif(excluded.name, ''), held.name),
      state = CASE WHEN excluded.version > held.version THEN excluded.state ELSE held.state END,
      currency = CASE WHEN excluded.version > held.version THEN excluded.currency ELSE held.currency END,
      total_minor = CASE WHEN excluded.version > held.version THEN excluded.total_minor ELSE held.total_minor END,
      refunded_minor = CASE WHEN excluded.version > held.version THEN excluded.refunded_minor ELSE held.refunded_minor END,
      version = greatest(held.version, excluded.version),
      create_time = least(held.create_time, excluded.create_time)`;
}

type ShownOrder = Omit<OrderCopy, 'buyerId' | 'version' | 'name'> & { readonly name: string };

export interface OrdersOfPerson {
  readonly totalCount: number;
  readonly liveCount: number;
  readonly newest: readonly ShownOrder[];
}

/** One statement: the counts and the rows are of the same moment. */
export async function findOrders({ client }: Database<PrismaClient>, buyerId: string, most: number): Promise<OrdersOfPerson> {
  const rows = await client.$queryRaw<(ShownOrder & { totalCount: bigint; liveCount: bigint })[]>`
    SELECT id, name, state, currency, total_minor AS "totalMinor", refunded_minor AS "refundedMinor", create_time AS "createTime",
      count(*) OVER () AS "totalCount", count(*) FILTER (WHERE state = ANY (${LIVE_ORDER_STATES}::text[])) OVER () AS "liveCount"
    FROM order_copy WHERE buyer_id = ${buyerId}::uuid ORDER BY create_time DESC, id DESC LIMIT ${most}`;
  return { totalCount: Number(rows[0]?.totalCount ?? 0), liveCount: Number(rows[0]?.liveCount ?? 0), newest: rows };
}
