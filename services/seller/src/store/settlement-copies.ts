// What payment says of settlements and payouts, as far as it has been heard. Each is said once.
import type { Database, TimeKeyset, Transaction } from '@moa/kit';
import { Prisma, type PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export interface SettlementCopy {
  readonly id: string;
  readonly sellerId: string;
  /** Null for a period. */
  readonly projectId: string | null;
  readonly currency: string;
  readonly netMinor: bigint;
  readonly createTime: Date;
  /** Null for a project, and for the first period. */
  readonly periodStart: Date | null;
  /** Null for a project. */
  readonly periodEnd: Date | null;
}

export interface PayoutCopy {
  readonly id: string;
  readonly settlementId: string;
  readonly amountMinor: bigint;
  readonly payTime: Date;
}

export async function saveSettlement(tx: Tx, settlement: SettlementCopy): Promise<void> {
  await tx.settlementCopy.createMany({ data: [settlement], skipDuplicates: true });
}

export async function savePayout(tx: Tx, payout: PayoutCopy): Promise<void> {
  await tx.payoutCopy.createMany({ data: [payout], skipDuplicates: true });
}

export interface ShownSettlement extends SettlementCopy {
  /** Empty for a period, and until the project's event has arrived. */
  readonly projectTitle: string;
  readonly paidMinor: bigint;
  /** Of the newest payout. */
  readonly payTime: Date | null;
}

/** The newest first. */
export const listSettlements = (
  db: Database<PrismaClient>,
  { sellerId, after, limit }: { sellerId: string; after: TimeKeyset | undefined; limit: number },
): Promise<ShownSettlement[]> =>
  db.client.$queryRaw<ShownSettlement[]>`
    SELECT settlement.id, settlement.seller_id AS "sellerId", settlement.project_id AS "projectId", settlement.currency,
      settlement.net_minor AS "netMinor", settlement.create_time AS "createTime",
      settlement.period_start AS "periodStart", settlement.period_end AS "periodEnd", coalesce(project.title, '') AS "projectTitle",
      coalesce(payout.paid, 0)::bigint AS "paidMinor", payout.pay_time AS "payTime"
    FROM settlement_copy settlement
    LEFT JOIN project_copy project ON project.id = settlement.project_id
    LEFT JOIN LATERAL (SELECT sum(amount_minor) AS paid, max(pay_time) AS pay_time FROM payout_copy WHERE settlement_id = settlement.id) payout ON true
    WHERE settlement.seller_id = ${sellerId}::uuid
      ${after ? Prisma.sql`AND (settlement.create_time, settlement.id) < (${after.time}, ${after.id}::uuid)` : Prisma.empty}
    ORDER BY settlement.create_time DESC, settlement.id DESC LIMIT ${limit}`;

/** What the settlements of projects come to, by project; none for a project without any. */
export async function sumSettlements(db: Database<PrismaClient>, projectIds: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await db.client.$queryRaw<{ projectId: string; netMinor: bigint }[]>`
    SELECT project_id AS "projectId", sum(net_minor)::bigint AS "netMinor" FROM settlement_copy
    WHERE project_id = ANY (${projectIds}::uuid[]) GROUP BY project_id`;
  return new Map(rows.map(({ projectId, netMinor }) => [projectId, netMinor]));
}
