import { newId } from '@moa/kit';
import type { Reward } from '../domain/plan.js';
import { CHARGE_RETRIES, CHARGE_RETRY_SECONDS } from '../domain/pledge.js';
import type { Kind, Project } from '../domain/project.js';
import { Prisma } from '../generated/client.js';
import type { Client, Queries } from './database.js';

export type ProjectWithRewards = Project & { readonly rewards: readonly Reward[] };

const withRewards = { rewards: { orderBy: { id: 'asc' } } } as const;

interface NewProject {
  readonly sellerId: string;
  readonly title: string;
  readonly summary: string;
  readonly story: string;
  readonly category: string;
  readonly imageUrls: string[];
  readonly kind: Kind;
  readonly currency: string;
  readonly goalMinor: bigint;
  readonly startTime: Date;
  readonly closeTime: Date;
  readonly createTime: Date;
}

type NewReward = Omit<Reward, 'id' | 'projectId' | 'remaining'>;

export async function insertProject(tx: Queries, project: NewProject, rewards: readonly NewReward[]): Promise<ProjectWithRewards> {
  const row = await tx.project.create({
    data: {
      id: newId(),
      ...project,
      chargeRetries: CHARGE_RETRIES,
      chargeRetrySeconds: CHARGE_RETRY_SECONDS,
      rewards: { create: rewards.map((reward) => ({ id: newId(), ...reward, remaining: reward.stock })) },
    },
    include: withRewards,
  });
  return row as ProjectWithRewards;
}

export async function findProject(client: Queries, id: string): Promise<ProjectWithRewards | undefined> {
  return ((await client.project.findUnique({ where: { id }, include: withRewards })) ?? undefined) as ProjectWithRewards | undefined;
}

/** Reads a project that nobody else changes until the transaction ends: no pledge comes in meanwhile. */
export async function lockProject(tx: Queries, id: string): Promise<ProjectWithRewards | undefined> {
  await tx.$queryRaw`SELECT FROM project WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  return findProject(tx, id);
}

export async function saveProject(tx: Queries, id: string, data: Prisma.ProjectUpdateInput): Promise<ProjectWithRewards> {
  return (await tx.project.update({ where: { id }, data, include: withRewards })) as ProjectWithRewards;
}

export async function insertReward(tx: Queries, projectId: string, reward: NewReward): Promise<Reward> {
  return tx.reward.create({ data: { id: newId(), projectId, ...reward, remaining: reward.stock } });
}

/** Locked before its project, as the writes of pledges do. */
export async function lockReward(tx: Queries, id: string): Promise<Reward | undefined> {
  await tx.$queryRaw`SELECT FROM reward WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  return (await tx.reward.findUnique({ where: { id } })) ?? undefined;
}

export const saveReward = (tx: Queries, id: string, data: Prisma.RewardUpdateInput): Promise<Reward> =>
  tx.reward.update({ where: { id }, data });

/** What waits to be swept: see sweep_pledges. */
export async function startSweep(tx: Queries, { id, pledgeCount }: Project): Promise<void> {
  if (pledgeCount > 0) await tx.sweep.create({ data: { projectId: id } });
}

/** All its pledges are swept again, from the first. */
export async function restartSweep(tx: Queries, projectId: string): Promise<void> {
  await tx.sweep.deleteMany({ where: { projectId } });
  await tx.sweep.create({ data: { projectId } });
}

/**
 * Claims the next project that is due, and locks it; undefined when none is, or other copies have them all.
 */
async function claim(tx: Queries, due: Prisma.Sql): Promise<Project | undefined> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`SELECT id FROM project WHERE ${due} LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`;
  return row && ((await tx.project.findUniqueOrThrow({ where: { id: row.id } })) as Project);
}

export const claimProjectToOpen = (tx: Queries, at: Date) => claim(tx, Prisma.sql`state = 'SCHEDULED' AND start_time <= ${at}`);

export const claimProjectToClose = (tx: Queries, at: Date) => claim(tx, Prisma.sql`state = 'LIVE' AND close_time <= ${at}`);

/** One whose pledges are all through. */
export const claimProjectToSettle = (tx: Queries) =>
  claim(
    tx,
    Prisma.sql`state = 'CHARGING' AND NOT EXISTS (SELECT FROM sweep WHERE project_id = project.id)
      AND NOT EXISTS (SELECT FROM pledge WHERE project_id = project.id AND state IN ('CHARGING', 'PAYMENT_FAILED'))`,
  );

export async function sumOfPledges(
  tx: Queries,
  projectId: string,
): Promise<{ chargedMinor: bigint; paidCount: number; droppedCount: number }> {
  const [sum] = await tx.$queryRaw<[{ charged_minor: bigint; paid_count: number; dropped_count: number }]>`
    SELECT coalesce(sum(total_minor - platform_coupon_minor - seller_coupon_minor - points_minor) FILTER (WHERE state = 'PAID'), 0)::bigint AS charged_minor,
           count(*) FILTER (WHERE state = 'PAID')::integer AS paid_count, count(*) FILTER (WHERE state = 'DROPPED')::integer AS dropped_count
      FROM pledge WHERE project_id = ${projectId}::uuid`;
  return { chargedMinor: sum.charged_minor, paidCount: sum.paid_count, droppedCount: sum.dropped_count };
}

/** Ranks the popular list anew, a batch at a time; how many have moved. */
export const rankProjects = (client: Client, batch: number): Promise<number> => client.$executeRaw`
  UPDATE project SET popularity = raised_minor
   WHERE id = ANY (ARRAY(SELECT id FROM project WHERE public AND popularity <> raised_minor ORDER BY id LIMIT ${batch} FOR NO KEY UPDATE))`;
