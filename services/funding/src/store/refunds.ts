// Money of pledges that is to go back, and what backers ask for.
import { type Database, newId, type Origin, sqlCall } from '@moa/kit';
import type { RefundRequest } from '../domain/fulfilment.js';
import type { Prisma, RefundRequest as RefundRequestRow } from '../generated/client.js';
import type { Client, Queries } from './database.js';

export interface DueRefund {
  readonly pledgeId: string;
  readonly reason: string;
}

/** Nobody else gets them while the lease lasts. */
export const leaseRefunds = ({ client }: Database<Client>, origin: Origin, batch: number, leaseMs: number): Promise<DueRefund[]> =>
  client.$queryRaw<DueRefund[]>`
    SELECT pledge_id AS "pledgeId", reason FROM lease_refunds(${sqlCall(origin)}::jsonb, ${batch}::integer, ${leaseMs}::integer)`;

/** Writes down that the pledge's money is to go back, once. */
export async function startRefund(tx: Queries, origin: Origin, pledgeId: string, reason: string): Promise<void> {
  await tx.$queryRaw`SELECT refund_pledge(${sqlCall(origin)}::jsonb, ${pledgeId}::uuid, ${reason}::text)::text`;
}

export async function endRefund(tx: Queries, pledgeId: string): Promise<void> {
  await tx.pledgeRefund.deleteMany({ where: { pledgeId } });
}

export interface NewRefundRequest {
  readonly pledgeId: string;
  readonly projectId: string;
  readonly reason: string;
  readonly createTime: Date;
}

/** Undefined when one is open already. */
export async function insertRefundRequest(tx: Queries, request: NewRefundRequest): Promise<RefundRequest | undefined> {
  const id = newId();
  const { count } = await tx.refundRequest.createMany({ data: [{ id, state: 'OPEN', ...request }], skipDuplicates: true });
  return count === 1 ? findRefundRequest(tx, id) : undefined;
}

export async function findRefundRequest(client: Queries, id: string): Promise<RefundRequest | undefined> {
  const row = await client.refundRequest.findUnique({ where: { id } });
  return row ? refundRequestOf(row) : undefined;
}

/** A request that nobody else decides until the transaction ends. */
export async function lockRefundRequest(tx: Queries, id: string): Promise<RefundRequest | undefined> {
  await tx.$queryRaw`SELECT FROM refund_request WHERE id = ${id}::uuid FOR UPDATE`;
  return findRefundRequest(tx, id);
}

export const saveDecision = async (tx: Queries, id: string, data: Prisma.RefundRequestUpdateInput): Promise<RefundRequest> =>
  refundRequestOf(await tx.refundRequest.update({ where: { id }, data }));

/** Oldest first: of a project, or what waits of all, from the one after `after` on. */
export const listRefundRequests = async (
  client: Queries,
  projectId: string | undefined,
  after: string | undefined,
  limit: number,
): Promise<RefundRequest[]> => {
  const rows = await client.refundRequest.findMany({
    where: { ...(projectId ? { projectId } : { state: 'OPEN' }), ...(after && { id: { gt: after } }) },
    orderBy: { id: 'asc' },
    take: limit,
  });
  return rows.map(refundRequestOf);
};

export const refundRequestOf = (row: RefundRequestRow): RefundRequest => ({ ...row, state: row.state as RefundRequest['state'] });
