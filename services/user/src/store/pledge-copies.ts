// What funding says of pledges and projects, as far as it has been heard. Events may come twice, late and in any order.
import type { Database, Transaction } from '@moa/kit';
import { LIVE_STATES, type PledgeState } from '../domain/pledge.js';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export interface PledgeCopy {
  readonly id: string;
  readonly projectId: string;
  readonly backerId: string;
  readonly state: PledgeState;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly version: bigint;
  /** When it was placed, or of an event that came before that one. */
  readonly createTime: Date;
}

/** Brings the copy up to what an event says; an older version only tells when the pledge was placed. */
export async function savePledge(tx: Tx, pledge: PledgeCopy): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO pledge_copy AS held (id, project_id, backer_id, state, currency, total_minor, version, create_time)
      VALUES (${pledge.id}::uuid, ${pledge.projectId}::uuid, ${pledge.backerId}::uuid, ${pledge.state}, ${pledge.currency}, ${pledge.totalMinor},
        ${pledge.version}, ${pledge.createTime})
    ON CONFLICT (id) DO UPDATE SET
      state = CASE WHEN excluded.version > held.version THEN excluded.state ELSE held.state END,
      currency = CASE WHEN excluded.version > held.version THEN excluded.currency ELSE held.currency END,
      total_minor = CASE WHEN excluded.version > held.version THEN excluded.total_minor ELSE held.total_minor END,
      version = greatest(held.version, excluded.version),
      create_time = least(held.create_time, excluded.create_time)`;
}

export async function saveProject(tx: Tx, { id, title, version }: { id: string; title: string; version: bigint }): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO project_copy AS held (id, title, version) VALUES (${id}::uuid, ${title}, ${version})
    ON CONFLICT (id) DO UPDATE SET title = excluded.title, version = excluded.version WHERE excluded.version > held.version`;
}

export interface ShownPledge {
  readonly id: string;
  readonly projectId: string;
  /** Empty until the project's event has arrived. */
  readonly projectTitle: string;
  readonly state: PledgeState;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly createTime: Date;
}

export interface PledgesOfPerson {
  readonly totalCount: number;
  readonly liveCount: number;
  readonly newest: readonly ShownPledge[];
}

const NEWEST_AT_MOST = 20;

/** One statement: the counts and the rows are of the same moment. */
export async function findPledges(db: Database<PrismaClient>, backerId: string): Promise<PledgesOfPerson> {
  const rows = await db.client.$queryRaw<(ShownPledge & { totalCount: bigint; liveCount: bigint })[]>`
    SELECT pledge.id, pledge.project_id AS "projectId", coalesce(project.title, '') AS "projectTitle", pledge.state, pledge.currency,
      pledge.total_minor AS "totalMinor", pledge.create_time AS "createTime",
      count(*) OVER () AS "totalCount", count(*) FILTER (WHERE pledge.state = ANY (${LIVE_STATES}::text[])) OVER () AS "liveCount"
    FROM pledge_copy pledge LEFT JOIN project_copy project ON project.id = pledge.project_id
    WHERE pledge.backer_id = ${backerId}::uuid
    ORDER BY pledge.create_time DESC, pledge.id DESC LIMIT ${NEWEST_AT_MOST}`;
  return { totalCount: Number(rows[0]?.totalCount ?? 0), liveCount: Number(rows[0]?.liveCount ?? 0), newest: rows };
}
