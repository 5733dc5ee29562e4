import type { Database, TimeKeyset } from '@moa/kit';
import type { PointBalance, PointEntry } from '../domain/points.js';
import type { PointLot, PrismaClient } from '../generated/client.js';

type Db = Database<PrismaClient>;

/** By the lots, as they are at this time: the job that writes down what has expired may not have come by yet. */
export async function findBalance({ client }: Db, accountId: string, at: Date, horizon: Date): Promise<PointBalance> {
  const [row] = await client.$queryRaw<PointBalance[]>`
    SELECT coalesce(l.available, 0)::bigint AS "availableMinor", coalesce(a.held_minor, 0)::bigint AS "heldMinor",
      coalesce(l.expiring, 0)::bigint AS "expiringMinor", coalesce(a.owed_minor, 0)::bigint AS "owedMinor", l.next AS "nextExpireTime"
    FROM (SELECT sum(left_minor) AS available, sum(left_minor) FILTER (WHERE expire_time <= ${horizon}::timestamptz) AS expiring,
        min(expire_time) AS next
      FROM point_lot WHERE account_id = ${accountId}::uuid AND left_minor > 0 AND expire_time > ${at}::timestamptz) AS l
    LEFT JOIN point_account a ON a.account_id = ${accountId}::uuid`;
  return row!;
}

/** Newest first, from the one after `before` on. */
export async function listEntries({ client }: Db, accountId: string, before: bigint | undefined, count: number): Promise<PointEntry[]> {
  const rows = await client.pointEntry.findMany({
    where: { accountId, ...(before !== undefined && { id: { lt: before } }) },
    orderBy: { id: 'desc' },
    take: count,
  });
  return rows.map((row) => ({ ...row, id: String(row.id), kind: row.kind as PointEntry['kind'] }));
}

/** Those that have something left, the first to expire first. */
export const listLots = ({ client }: Db, accountId: string, at: Date, after: TimeKeyset | undefined, count: number): Promise<PointLot[]> =>
  client.pointLot.findMany({
    where: {
      accountId,
      leftMinor: { gt: 0 },
      expireTime: { gt: at },
      ...(after && { OR: [{ expireTime: { gt: after.time } }, { expireTime: after.time, id: { gt: after.id } }] }),
    },
    orderBy: [{ expireTime: 'asc' }, { id: 'asc' }],
    take: count,
  });

/** Holders whose time was over before this. */
export const listDueHolders = ({ client }: Db, before: Date, count: number): Promise<{ holderId: string }[]> =>
  client.pointHold.findMany({
    where: { state: 'HELD', expireTime: { lte: before } },
    select: { holderId: true },
    orderBy: { expireTime: 'asc' },
    take: count,
  });

/** People who have something that expired by this time. */
export const listExpired = ({ client }: Db, at: Date, count: number): Promise<{ accountId: string }[]> =>
  client.$queryRaw`
    SELECT DISTINCT due.account_id AS "accountId" FROM
      (SELECT account_id FROM point_lot WHERE left_minor > 0 AND expire_time <= ${at}::timestamptz ORDER BY expire_time LIMIT ${count}) AS due`;

/** People who have something that expires before the horizon, and were not told. */
export const listToWarn = ({ client }: Db, horizon: Date, count: number): Promise<{ accountId: string }[]> =>
  client.$queryRaw`
    SELECT DISTINCT due.account_id AS "accountId" FROM
      (SELECT account_id FROM point_lot WHERE left_minor > 0 AND warn_time IS NULL AND expire_time <= ${horizon}::timestamptz
        ORDER BY expire_time LIMIT ${count}) AS due`;
