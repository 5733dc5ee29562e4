// Lists of projects, a page at a time. None of them reads the story, or any pledge.
import type { KeyKind } from '@moa/kit';
import type { Reward } from '../domain/plan.js';
import type { Phase, Project } from '../domain/project.js';
import { Prisma } from '../generated/client.js';
import type { Queries } from './database.js';
import type { ProjectWithRewards } from './projects.js';

export type Order = 'NEWEST' | 'ENDING_SOON' | 'POPULAR';

export interface PublicList {
  /** Empty: every category. */
  readonly category: string;
  /** Undefined: every public phase. */
  readonly phase: Phase | undefined;
  /** A part of the title. Empty: every title. */
  readonly titlePart: string;
  readonly order: Order;
  readonly at: Date;
  /** The keys of the last row that was shown. */
  readonly after: readonly string[] | undefined;
  readonly limit: number;
}

export async function listPublicProjects(
  client: Queries,
  { category, phase, titlePart, order, at, after, limit }: PublicList,
): Promise<ProjectWithRewards[]> {
  const conditions = [
    Prisma.sql`public`,
    ...(category ? [Prisma.sql`category = ${category}`] : []),
    ...(phase ? [inPhase(phase, at)] : []),
    ...(titlePart ? [isTitled(titlePart, order === 'NEWEST' ? after : undefined)] : []),
    ...(order === 'ENDING_SOON' ? [isOpen(at)] : []),
    ...(after ? [comesAfter(order, after)] : []),
  ];
  const rows = await client.$queryRaw<Project[]>`
    SELECT ${COLUMNS} FROM project WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY ${SORTED[order]} LIMIT ${limit}`;
  return addRewards(client, rows);
}

/** What the page token remembers of a row. */
export const KEYS: Record<Order, readonly KeyKind[]> = { NEWEST: ['id'], ENDING_SOON: ['time', 'id'], POPULAR: ['number', 'id'] };

export const keysOf =
  (order: Order) =>
  (project: Project): string[] =>
    order === 'NEWEST'
      ? [project.id]
      : order === 'ENDING_SOON'
        ? [project.closeTime.toISOString(), project.id]
        : [String(project.popularity), project.id];

export function listProjectsOfSeller(
  client: Queries,
  sellerId: string,
  after: string | undefined,
  limit: number,
): Promise<ProjectWithRewards[]> {
  return client.project.findMany({
    where: { sellerId, ...(after && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: limit,
    omit: { story: true },
    include: { rewards: { orderBy: { id: 'asc' } } },
  }) as Promise<unknown> as Promise<ProjectWithRewards[]>;
}

export async function listProjectsInReview(
  client: Queries,
  after: readonly string[] | undefined,
  limit: number,
): Promise<ProjectWithRewards[]> {
  const rows = await client.$queryRaw<Project[]>`
    SELECT ${COLUMNS} FROM project WHERE state = 'IN_REVIEW'
       ${after ? Prisma.sql`AND (submit_time, id) > (${after[0]}::timestamptz, ${after[1]}::uuid)` : Prisma.empty}
     ORDER BY submit_time, id LIMIT ${limit}`;
  return addRewards(client, rows);
}

const SORTED: Record<Order, Prisma.Sql> = {
  NEWEST: Prisma.sql`id DESC`,
  ENDING_SOON: Prisma.sql`close_time, id`,
  POPULAR: Prisma.sql`popularity DESC, id DESC`,
};

function comesAfter(order: Order, [first, id]: readonly string[]): Prisma.Sql {
  switch (order) {
    case 'NEWEST':
      return Prisma.sql`id < ${first}::uuid`;
    case 'ENDING_SOON':
      return Prisma.sql`(close_time, id) > (${first}::timestamptz, ${id}::uuid)`;
    case 'POPULAR':
      return Prisma.sql`(popularity, id) < (${first}::bigint, ${id}::uuid)`;
  }
}

// Letters by twos find the candidates, the whole part decides. A common part is met at once on the way through the order; where that way goes
// through the titles themselves, it begins after what was shown.
const isTitled = (part: string, after: readonly string[] | undefined) => Prisma.sql`id IN (SELECT id FROM project_title
  WHERE grams @> searched_grams(title_form(${part})) AND strpos(form, title_form(${part})) > 0
    ${after ? Prisma.sql`AND ${comesAfter('NEWEST', after)}` : Prisma.empty})`;

const isOpen = (at: Date) => Prisma.sql`state = 'LIVE' AND close_time > ${at}`;
const isSuccess = Prisma.sql`(raised_minor >= goal_minor OR (kind = 'KEEP_WHAT_YOU_RAISE' AND raised_minor > 0))`;

// As phaseOf of the domain tells it; a test compares the two.
function inPhase(phase: Phase, at: Date): Prisma.Sql {
  switch (phase) {
    case 'HIDDEN':
      return Prisma.sql`false`;
    case 'UPCOMING':
      return Prisma.sql`state = 'SCHEDULED'`;
    case 'IN_PROGRESS':
      return Prisma.sql`${isOpen(at)} AND raised_minor < goal_minor`;
    case 'GOAL_MET':
      return Prisma.sql`${isOpen(at)} AND raised_minor >= goal_minor`;
    case 'ENDED_WITH_SUCCESS':
      return Prisma.sql`(state IN ('CHARGING', 'SUCCEEDED') OR (state = 'LIVE' AND close_time <= ${at} AND ${isSuccess}))`;
    case 'ENDED_WITHOUT_SUCCESS':
      return Prisma.sql`(state IN ('FAILED', 'CANCELED') OR (state = 'LIVE' AND close_time <= ${at} AND NOT ${isSuccess}))`;
  }
}

async function addRewards(client: Queries, projects: readonly Project[]): Promise<ProjectWithRewards[]> {
  const rewards: Reward[] =
    projects.length === 0
      ? []
      : await client.reward.findMany({ where: { projectId: { in: projects.map(({ id }) => id) } }, orderBy: { id: 'asc' } });
  return projects.map((project) => ({ ...project, rewards: rewards.filter(({ projectId }) => projectId === project.id) }));
}

const COLUMNS = Prisma.sql`id, seller_id AS "sellerId", title, summary, category, image_urls AS "imageUrls", kind, currency, goal_minor AS "goalMinor",
  start_time AS "startTime", close_time AS "closeTime", state, public, rejection_reason AS "rejectionReason", cancel_reason AS "cancelReason", raised_minor AS "raisedMinor",
  pledge_count AS "pledgeCount", popularity, late_until AS "lateUntil", late_raised_minor AS "lateRaisedMinor", charge_retries AS "chargeRetries", charge_retry_seconds AS "chargeRetrySeconds", revision, version, create_time AS "createTime", submit_time AS "submitTime"`;
