// What funding says of pledges, as far as it has been heard: how much, and what became of it. Whose they are is not kept.
import type { Database, Transaction } from '@moa/kit';
import type { PledgeState, PledgeSums } from '../domain/pledge-copy.js';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export interface PledgeCopy {
  readonly id: string;
  readonly projectId: string;
  readonly state: PledgeState;
  readonly totalMinor: bigint;
  readonly refundedMinor: bigint;
  readonly version: bigint;
}

/** Brings the copy up to what an event says, unless a newer one was heard. */
export async function savePledge(tx: Tx, { id, projectId, state, totalMinor, refundedMinor, version }: PledgeCopy): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO pledge_copy AS held (id, project_id, state, total_minor, refunded_minor, version)
      VALUES (${id}::uuid, ${projectId}::uuid, ${state}, ${totalMinor}, ${refundedMinor}, ${version})
    ON CONFLICT (id) DO UPDATE SET
      state = excluded.state, total_minor = excluded.total_minor, refunded_minor = excluded.refunded_minor, version = excluded.version
      WHERE excluded.version > held.version`;
}

/**
 * What the pledges of projects come to, by project; none for a project without any. Added up each time from the copies: there is no sum
 * that could drift from them, and the index alone has all that is read.
 */
export async function sumPledges(db: Database<PrismaClient>, projectIds: readonly string[]): Promise<Map<string, PledgeSums>> {
  const rows = await db.client.$queryRaw<(PledgeSums & { projectId: string })[]>`
    SELECT project_id AS "projectId",
      coalesce(sum(total_minor) FILTER (WHERE state <> 'CANCELED'), 0)::bigint AS "raisedMinor",
      (count(*) FILTER (WHERE state <> 'CANCELED'))::integer AS "pledgeCount",
      coalesce(sum(total_minor) FILTER (WHERE state IN ('PAID', 'REFUNDED')), 0)::bigint AS "chargedMinor",
      (count(*) FILTER (WHERE state IN ('PAID', 'REFUNDED')))::integer AS "paidCount",
      (count(*) FILTER (WHERE state IN ('CHARGING', 'PAYMENT_FAILED')))::integer AS "chargingCount",
      coalesce(sum(total_minor) FILTER (WHERE state = 'DROPPED'), 0)::bigint AS "droppedMinor",
      (count(*) FILTER (WHERE state = 'DROPPED'))::integer AS "droppedCount",
      sum(refunded_minor)::bigint AS "refundedMinor"
    FROM pledge_copy WHERE project_id = ANY (${projectIds}::uuid[]) GROUP BY project_id`;
  return new Map(rows.map(({ projectId, ...sums }) => [projectId, sums]));
}
