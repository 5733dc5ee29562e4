// Orders as they are listed: for sellers, for other services, and for what comes round by itself.
import type { Order, OrderState, ReturnRequest } from '../domain/order.js';
import type { Queries } from './database.js';
import { findOrders, returnRequestOf } from './orders.js';

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Orders that were paid, with lines of a seller; in a state, if one is given. Newest first, from the one after `after` on. */
export async function listOrdersOfSeller(
  client: Queries,
  sellerId: string,
  state: OrderState | undefined,
  after: string | undefined,
  limit: number,
): Promise<Order[]> {
  const rows = state
    ? await client.$queryRaw<{ id: string }[]>`
        SELECT DISTINCT l.order_id AS id FROM order_line l JOIN "order" o ON o.id = l.order_id
         WHERE l.seller_id = ${sellerId}::uuid AND l.state = ${state} AND l.order_id < ${after ?? LAST_ID}::uuid AND o.pay_time IS NOT NULL
         ORDER BY l.order_id DESC LIMIT ${limit}`
    : await client.$queryRaw<{ id: string }[]>`
        SELECT DISTINCT l.order_id AS id FROM order_line l JOIN "order" o ON o.id = l.order_id
         WHERE l.seller_id = ${sellerId}::uuid AND l.order_id < ${after ?? LAST_ID}::uuid AND o.pay_time IS NOT NULL
         ORDER BY l.order_id DESC LIMIT ${limit}`;
  return findOrders(
    client,
    rows.map(({ id }) => id),
  );
}

/** Open ones or decided ones, oldest first, from the one after `after` on. */
export async function listReturnsOfSeller(
  client: Queries,
  sellerId: string,
  isOpen: boolean,
  after: string | undefined,
  limit: number,
): Promise<ReturnRequest[]> {
  const state = isOpen ? 'OPEN' : { not: 'OPEN' };
  const where = { sellerId, state, ...(after && { id: { gt: after } }) };
  return (await client.returnRequest.findMany({ where, orderBy: { id: 'asc' }, take: limit })).map(returnRequestOf);
}

/** Which order a wish to return is about. */
export async function orderOfReturn(client: Queries, id: string): Promise<string | undefined> {
  return (await client.returnRequest.findUnique({ where: { id }, select: { orderId: true } }))?.orderId;
}

/** Every order that was paid, by id, with what of its money was not given back. */
export const listChargedOrders = (client: Queries, after: string, limit: number) =>
  client.$queryRaw<{ id: string; currency: string; heldMinor: bigint }[]>`
    SELECT id, currency, CASE WHEN charged_back THEN 0 ELSE total_minor - refunded_minor END AS "heldMinor" FROM "order"
     WHERE id > ${after || FIRST_ID}::uuid AND pay_time IS NOT NULL ORDER BY id LIMIT ${limit}`;

/** Every order that its buyer has seen, by id. */
export async function listPlacedOrders(client: Queries, after: string, limit: number): Promise<Order[]> {
  const rows = await client.order.findMany({
    where: { id: { gt: after || FIRST_ID }, placed: true },
    orderBy: { id: 'asc' },
    take: limit,
    select: { id: true },
  });
  const orders = await findOrders(
    client,
    rows.map(({ id }) => id),
  );
  return orders.reverse();
}

export async function findShippedBefore(client: Queries, before: Date, most: number): Promise<string[]> {
  const rows = await client.$queryRaw<{ id: string }[]>`
    SELECT order_id AS id FROM order_line WHERE state = 'SHIPPED' AND ship_time <= ${before} ORDER BY ship_time LIMIT ${most}`;
  return [...new Set(rows.map(({ id }) => id))];
}

export async function findDeliveredBefore(client: Queries, before: Date, most: number): Promise<string[]> {
  const rows = await client.$queryRaw<{ id: string }[]>`
    SELECT order_id AS id FROM order_line WHERE state = 'DELIVERED' AND delivery_time <= ${before} ORDER BY delivery_time LIMIT ${most}`;
  return [...new Set(rows.map(({ id }) => id))];
}
