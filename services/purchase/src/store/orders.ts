// Reads of orders.
import type { Address, Order, OrderLine, OrderState, ReturnRequest } from '../domain/order.js';
import type { Prisma, ReturnRequest as ReturnRequestRow } from '../generated/client.js';
import type { Queries } from './database.js';

const withLines = { lines: { orderBy: { position: 'asc' } }, returns: { orderBy: { id: 'asc' } } } as const;

export async function findOrder(client: Queries, id: string): Promise<Order | undefined> {
  const row = await client.order.findUnique({ where: { id }, include: withLines });
  return row ? orderOf(row) : undefined;
}

/** Newest first. */
export const findOrders = async (client: Queries, ids: readonly string[]): Promise<Order[]> =>
  (await client.order.findMany({ where: { id: { in: [...ids] } }, orderBy: { id: 'desc' }, include: withLines })).map(orderOf);

/** Newest first: of those that were placed. */
export async function listOrdersOfBuyer(client: Queries, buyerId: string, after: string | undefined, limit: number): Promise<Order[]> {
  const where = { buyerId, placed: true, ...(after && { id: { lt: after } }) };
  return (await client.order.findMany({ where, orderBy: { id: 'desc' }, take: limit, include: withLines })).map(orderOf);
}

/** The payer's bank took the money back. What was sent is a matter between people; what was not is not sent any more. */
export async function noteChargeback(tx: Queries, orderId: string): Promise<void> {
  await tx.order.updateMany({ where: { id: orderId }, data: { chargedBack: true } });
}

export async function isChargedBack(tx: Queries, orderId: string): Promise<boolean> {
  return (await tx.order.findUnique({ where: { id: orderId }, select: { chargedBack: true } }))?.chargedBack ?? false;
}

type OrderRow = Prisma.OrderGetPayload<{ include: typeof withLines }>;

const orderOf = ({ lines, returns, ...row }: OrderRow): Order => ({
  ...row,
  state: row.state as OrderState,
  address: row.address as unknown as Address | null,
  lines: lines.map((line): OrderLine => ({ ...line, state: line.state as OrderState })),
  returns: returns.map(returnRequestOf),
});

export const returnRequestOf = (row: ReturnRequestRow): ReturnRequest => ({ ...row, state: row.state as ReturnRequest['state'] });
