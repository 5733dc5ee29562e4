import { type Call, type Database, sqlCall, type Transaction } from '@moa/kit';
import type { PartnerClient } from '../domain/partner-client.js';
import { fail } from '../errors.js';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export async function findPartnerClient({ client }: Database<PrismaClient>, id: string): Promise<PartnerClient | undefined> {
  return ((await client.partnerClient.findUnique({ where: { id } })) as PartnerClient | null) ?? undefined;
}

/** The client, which nobody else changes until the transaction ends. Throws PARTNER_NOT_FOUND. */
export async function lockPartnerClient(tx: Tx, id: string): Promise<PartnerClient> {
  await tx.$queryRaw`SELECT 1 AS locked FROM partner_client WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const client = await tx.partnerClient.findUnique({ where: { id } });
  if (!client) throw fail('PARTNER_NOT_FOUND');
  return client as PartnerClient;
}

export async function addPartnerClient(tx: Tx, client: PartnerClient): Promise<void> {
  await tx.partnerClient.create({ data: { ...client, scopes: [...client.scopes] } });
}

/** Saves a client that was locked. Tokens that its new version makes stale are refused everywhere within seconds. */
export async function savePartnerClient(tx: Tx, { at, trace }: Call, before: PartnerClient, next: PartnerClient): Promise<void> {
  const { id, lastUseTime: _, ...data } = next;
  await tx.partnerClient.update({ where: { id }, data: { ...data, scopes: [...next.scopes] } });
  if (next.sessionId !== before.sessionId || next.sessionVersion === before.sessionVersion) return;
  await tx.$queryRaw`SELECT revoke_tokens(${sqlCall({ at, trace })}::jsonb, ${id}::uuid, ${next.version}, ${next.sessionId}::uuid,
    ${next.sessionVersion})::text`;
}

/** Writes down a use of the client as it was read. Of many at once one does. */
export async function savePartnerUse(db: Database<PrismaClient>, { id, lastUseTime }: PartnerClient, at: Date): Promise<void> {
  await db.client.partnerClient.updateMany({ where: { id, lastUseTime }, data: { lastUseTime: at } });
}

/** The newest first; `after` is the last that was seen. */
export async function listPartnerClients(
  { client }: Database<PrismaClient>,
  after: string | undefined,
  limit: number,
): Promise<PartnerClient[]> {
  const rows = await client.partnerClient.findMany({
    where: { ...(after && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows as PartnerClient[];
}
