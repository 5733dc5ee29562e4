// My Page's copies made anew.
import { newId, type Origin, type Transaction } from '@moa/kit';
import { fail } from '../errors.js';
import type { MyPageRebuild, PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

const LEASE_MS = 30_000;
const leaseAfter = (at: Date): Date => new Date(at.getTime() + LEASE_MS);

/** Starts one, or gives the one that runs. */
export async function startRebuild(tx: Tx, { at }: Origin): Promise<MyPageRebuild> {
  await tx.$executeRaw`INSERT INTO my_page_rebuild (id, lease_time, create_time) VALUES (${newId()}::uuid, ${at}, ${at}) ON CONFLICT DO NOTHING`;
  return (await tx.myPageRebuild.findFirst({ where: { step: { not: 'DONE' } } }))!;
}

/** Throws REBUILD_NOT_FOUND. */
export async function findRebuild(client: Tx, id: string): Promise<MyPageRebuild> {
  const row = await client.myPageRebuild.findUnique({ where: { id } });
  if (!row) throw fail('REBUILD_NOT_FOUND', { rebuildId: id });
  return row;
}

/** The one that waits for somebody to make it, for as long as the lease lasts; what another began is emptied. */
export async function leaseRebuild(tx: Tx, { at }: Origin): Promise<MyPageRebuild | undefined> {
  const { count } = await tx.myPageRebuild.updateMany({
    where: { step: { not: 'DONE' }, leaseTime: { lte: at } },
    data: { leaseTime: leaseAfter(at), step: 'STREAMS', eventCount: 0, ownedCount: 0 },
  });
  if (count === 0) return undefined;
  // The service may not truncate.
  await tx.$executeRaw`
    WITH projects AS (DELETE FROM rebuild.project_copy), pledges AS (DELETE FROM rebuild.pledge_copy), orders AS (DELETE FROM rebuild.order_copy),
      coupons AS (DELETE FROM rebuild.coupon_copy) DELETE FROM rebuild.review_right`;
  return (await tx.myPageRebuild.findFirst({ where: { step: { not: 'DONE' } } })) ?? undefined;
}

/** How far it has come; whoever is at it goes on with it. */
export async function noteRebuild(
  client: Tx,
  id: string,
  at: Date,
  { events = 0, owned = 0, ...data }: { step?: 'OWNERS'; events?: number; owned?: number; lastError?: string },
): Promise<void> {
  const counts = { eventCount: { increment: events }, ownedCount: { increment: owned } };
  await client.myPageRebuild.updateMany({ where: { id }, data: { ...data, ...counts, leaseTime: leaseAfter(at) } });
}

/** What is written in this transaction from here on is written beside the copies in use. */
export async function writeBeside(tx: Tx): Promise<void> {
  await tx.$executeRaw`SET LOCAL search_path TO rebuild, public`;
}

/** Puts right what differs, and ends it. */
export async function applyRebuild(tx: Tx, { id, createTime }: MyPageRebuild, at: Date): Promise<void> {
  const [done] = await tx.$queryRaw<[{ changed: bigint; removed: bigint }]>`SELECT changed, removed FROM apply_rebuild(${createTime})`;
  const data = { step: 'DONE', changedCount: done.changed, removedCount: done.removed, lastError: '', endTime: at };
  await tx.myPageRebuild.update({ where: { id }, data });
}
