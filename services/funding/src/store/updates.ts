import { newId } from '@moa/kit';
import type { Update } from '../domain/update.js';
import type { Queries } from './database.js';

export const insertUpdate = (tx: Queries, update: Omit<Update, 'id'>): Promise<Update> =>
  tx.projectUpdate.create({ data: { id: newId(), ...update, imageUrls: [...update.imageUrls] } });

export const countUpdates = (tx: Queries, projectId: string, since: Date): Promise<number> =>
  tx.projectUpdate.count({ where: { projectId, createTime: { gt: since } } });

/** Newest first. */
export const listUpdatesOf = (client: Queries, projectId: string, after: string | undefined, limit: number): Promise<Update[]> =>
  client.projectUpdate.findMany({ where: { projectId, ...(after && { id: { lt: after } }) }, orderBy: { id: 'desc' }, take: limit });

/** Whether somebody holds a pledge of a project that has not come to nothing. */
export async function isBacker(client: Queries, projectId: string, accountId: string): Promise<boolean> {
  const [row] = await client.$queryRaw<[{ found: boolean }]>`
    SELECT EXISTS (SELECT FROM pledge WHERE backer_id = ${accountId}::uuid AND project_id = ${projectId}::uuid
      AND state NOT IN ('CANCELED', 'RELEASED', 'DROPPED')) AS found`;
  return row.found;
}
