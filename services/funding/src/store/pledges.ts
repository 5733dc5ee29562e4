// Reads of pledges.
import type { Address, Pledge } from '../domain/pledge.js';
import type { Prisma } from '../generated/client.js';
import type { Queries } from './database.js';
import { refundRequestOf } from './refunds.js';

const withLines = {
  lines: { select: { rewardId: true, quantity: true }, orderBy: { rewardId: 'asc' } },
  refundRequests: { orderBy: { id: 'desc' }, take: 1 },
} as const;

export async function findPledge(client: Queries, id: string): Promise<Pledge | undefined> {
  const row = await client.pledge.findUnique({ where: { id }, include: withLines });
  return row ? pledgeOf(row) : undefined;
}

/** Newest first. */
export async function listPledgesOfBacker(client: Queries, backerId: string, after: string | undefined, limit: number): Promise<Pledge[]> {
  const where = { backerId, ...(after && { id: { lt: after } }) };
  return (await client.pledge.findMany({ where, orderBy: { id: 'desc' }, take: limit, include: withLines })).map(pledgeOf);
}

/** Oldest first. */
export async function listPledgesOfProject(
  client: Queries,
  projectId: string,
  after: string | undefined,
  limit: number,
): Promise<Pledge[]> {
  const where = { projectId, ...(after && { id: { gt: after } }) };
  return (await client.pledge.findMany({ where, orderBy: { id: 'asc' }, take: limit, include: withLines })).map(pledgeOf);
}

/** Pledges whose charge was begun, by id. */
export const listChargedPledges = (client: Queries, after: string, limit: number) =>
  client.$queryRaw<{ id: string; currency: string; heldMinor: bigint }[]>`
    SELECT id, currency::text, CASE WHEN state = 'PAID' THEN total_minor - refunded_minor ELSE 0 END AS "heldMinor" FROM pledge
     WHERE id > ${after}::uuid AND charge_attempts > 0 ORDER BY id LIMIT ${limit}`;

type PledgeRow = Prisma.PledgeGetPayload<{ include: typeof withLines }>;

const pledgeOf = ({ refundRequests: [newest], ...row }: PledgeRow): Pledge => ({
  ...row,
  state: row.state as Pledge['state'],
  address: row.address as Address | null,
  refundRequest: newest && refundRequestOf(newest),
});
