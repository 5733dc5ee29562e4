// What funding says of projects, as far as it has been heard.
import type { Database, TimeKeyset, Transaction } from '@moa/kit';
import type { Outcome, Phase, ProjectCopy } from '../domain/project-copy.js';
import type { PrismaClient, ProjectCopy as ProjectRow } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

/** Adds what an event says to what is known; nobody else does meanwhile. */
export async function hearOfProject(tx: Tx, id: string, sellerId: string, hear: (copy: ProjectCopy) => ProjectCopy): Promise<void> {
  await tx.projectCopy.createMany({ data: [{ id, sellerId }], skipDuplicates: true });
  await tx.$queryRaw`SELECT 1 AS locked FROM project_copy WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const copy = fromRow(await tx.projectCopy.findUniqueOrThrow({ where: { id } }));
  await tx.projectCopy.update({ where: { id }, data: hear(copy) });
}

/** A project that has opened, if it is the seller's. */
export async function findOwnProject(db: Database<PrismaClient>, sellerId: string, id: string): Promise<ProjectCopy | undefined> {
  const row = await db.client.projectCopy.findFirst({ where: { id, sellerId, phase: { not: null } } });
  return row ? fromRow(row) : undefined;
}

/** Empty until the project's event has arrived. */
export async function findTitle(db: Database<PrismaClient>, id: string): Promise<string> {
  return (await db.client.projectCopy.findUnique({ where: { id }, select: { title: true } }))?.title ?? '';
}

/** The first to close comes first. */
export async function listRunningProjects(
  db: Database<PrismaClient>,
  { sellerId, after, limit }: { sellerId: string; after: TimeKeyset | undefined; limit: number },
): Promise<ProjectCopy[]> {
  const rows = await db.client.projectCopy.findMany({
    where: {
      sellerId,
      phase: { in: ['LIVE', 'CHARGING'] },
      ...(after && { OR: [{ closeTime: { gt: after.time } }, { closeTime: after.time, id: { gt: after.id } }] }),
    },
    orderBy: [{ closeTime: 'asc' }, { id: 'asc' }],
    take: limit,
  });
  return rows.map(fromRow);
}

/** The newest first. */
export async function listEndedProjects(
  db: Database<PrismaClient>,
  { sellerId, after, limit }: { sellerId: string; after: TimeKeyset | undefined; limit: number },
): Promise<ProjectCopy[]> {
  const rows = await db.client.projectCopy.findMany({
    where: {
      sellerId,
      endTime: { not: null },
      ...(after && { OR: [{ endTime: { lt: after.time } }, { endTime: after.time, id: { lt: after.id } }] }),
    },
    orderBy: [{ endTime: 'desc' }, { id: 'desc' }],
    take: limit,
  });
  return rows.map(fromRow);
}

const fromRow = (row: ProjectRow): ProjectCopy => ({ ...row, outcome: row.outcome as Outcome | null, phase: row.phase as Phase | null });
