// Reconciliations: what was copied from the others, what was compared, and what differed.
import { newId, type Origin, sqlCall, type Transaction } from '@moa/kit';
import type { DiscrepancyKind, Movement } from '../domain/reconciliation.js';
import type { Discrepancy, PrismaClient, Reconciliation } from '../generated/client.js';
import { asText } from './amounts.js';
import type { PaymentDatabase } from './database.js';

export interface Report extends Reconciliation {
  readonly counts: readonly { readonly kind: DiscrepancyKind; readonly count: number }[];
}

type Queries = Transaction<PrismaClient>;

/** Starts one, or gives the one that runs. */
export async function startReconciliation(client: Queries, origin: Origin, requesterId: string | null): Promise<string> {
  const [row] = await client.$queryRaw<
    { id: string }[]
  >`SELECT start_reconciliation(${sqlCall(origin)}::jsonb, ${newId()}::uuid, ${requesterId}::uuid) AS id`;
  return row!.id;
}

export async function findReport(client: Queries, id: string): Promise<Report | undefined> {
  const row = await client.reconciliation.findUnique({ where: { id } });
  return row ? (await withCounts(client, [row]))[0] : undefined;
}

/** Newest first, from the one after `after` on. */
export async function listReports(client: Queries, after: string | undefined, count: number): Promise<Report[]> {
  const where = after ? { id: { lt: after } } : {};
  return withCounts(client, await client.reconciliation.findMany({ where, orderBy: { id: 'desc' }, take: count }));
}

async function withCounts(client: Queries, rows: readonly Reconciliation[]): Promise<Report[]> {
  // While it runs, what it has seen once may be money on its way.
  const ended = rows.filter(({ endTime }) => endTime !== null).map(({ id }) => id);
  const counts = await client.discrepancy.groupBy({
    by: ['reconciliationId', 'kind'],
    where: { reconciliationId: { in: ended } },
    _count: true,
    orderBy: { kind: 'asc' },
  });
  return rows.map((row) => ({
    ...row,
    counts: counts
      .filter(({ reconciliationId }) => reconciliationId === row.id)
      .map(({ kind, _count }) => ({ kind: kind as DiscrepancyKind, count: _count })),
  }));
}

/** By kind and subject, from the one after `after` on. */
export const listDiscrepancies = (
  { client }: PaymentDatabase,
  reconciliationId: string,
  kind: DiscrepancyKind | undefined,
  after: readonly [string, string] | undefined,
  count: number,
): Promise<Discrepancy[]> =>
  client.discrepancy.findMany({
    where: {
      reconciliationId,
      ...(kind && { kind }),
      ...(after && { OR: [{ kind: { gt: after[0] } }, { kind: after[0], subject: { gt: after[1] } }] }),
    },
    orderBy: [{ kind: 'asc' }, { subject: 'asc' }],
    take: count,
  });

/** Starts one if there are payments from before `since`, and none was started after. */
export async function startIfNone({ client }: PaymentDatabase, origin: Origin, since: Date): Promise<void> {
  await client.$queryRaw`
    SELECT start_reconciliation(${sqlCall(origin)}::jsonb, ${newId()}::uuid, NULL)
     WHERE EXISTS (SELECT FROM payment WHERE create_time <= ${since}) AND NOT EXISTS (SELECT FROM reconciliation WHERE create_time > ${since})`;
}

/** Takes the one that is due, if there is one, until the lease ends. */
export async function claimReconciliation({ client }: PaymentDatabase, leaseMs: number): Promise<string | undefined> {
  const [row] = await client.$queryRaw<{ id: string | null }[]>`SELECT claim_reconciliation(${leaseMs}::integer) AS id`;
  return row?.id ?? undefined;
}

/** It belongs to the one who claimed it for so long from now on. */
export async function extendLease({ client }: PaymentDatabase, id: string, leaseMs: number): Promise<void> {
  await client.$executeRaw`
    UPDATE reconciliation SET due_time = clock_timestamp() + ${leaseMs}::integer * interval '1 millisecond' WHERE id = ${id}::uuid`;
}

export async function beginLook({ client }: PaymentDatabase, id: string): Promise<void> {
  await client.$queryRaw`SELECT begin_look(${id}::uuid)::text`;
}

export async function noteMovements({ client }: PaymentDatabase, id: string, movements: readonly Movement[]): Promise<void> {
  await client.$queryRaw`SELECT note_movements(${id}::uuid, ${asText(movements)}::jsonb)::text`;
}

/** What somebody says that we should hold for a pledge or an order. */
export interface Held {
  readonly id: string;
  readonly currency: string;
  readonly heldMinor: bigint;
}

export async function notePledges({ client }: PaymentDatabase, id: string, pledges: readonly Held[]): Promise<void> {
  await client.$queryRaw`SELECT note_pledges(${id}::uuid, ${asText(pledges)}::jsonb)::text`;
}

export async function noteOrders({ client }: PaymentDatabase, id: string, orders: readonly Held[]): Promise<void> {
  await client.$queryRaw`SELECT note_orders(${id}::uuid, ${asText(orders)}::jsonb)::text`;
}

/** Compares the next payments; gives where to go on, or nothing after the last. */
export async function comparePayments({ client }: PaymentDatabase, id: string, after: string, count: number): Promise<string | undefined> {
  const [row] = await client.$queryRaw<
    { last: string | null }[]
  >`SELECT compare_payments(${id}::uuid, ${after}::uuid, ${count}::integer) AS last`;
  return row?.last ?? undefined;
}

/** Compares the rest, and ends the look: the next one comes after the pause. */
export async function endLook({ client }: PaymentDatabase, origin: Origin, id: string, looksInAll: number, pauseMs: number): Promise<void> {
  await client.$queryRaw`SELECT end_look(${sqlCall(origin)}::jsonb, ${id}::uuid, ${looksInAll}::integer, ${pauseMs}::integer)::text`;
}
