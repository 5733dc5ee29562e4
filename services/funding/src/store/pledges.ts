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
    SELECT id, currency::text, CASE WHEN state = 'PAID' THEN total_minor - platform_coupon_minor - seller_coupon_minor - points_minor - refunded_minor ELSE 0 END AS "heldMinor" FROM pledge
     WHERE id > ${after}::uuid AND charge_attempts > 0 ORDER BY id LIMIT ${limit}`;

interface PledgeForMyPage {
  readonly id: string;
  readonly backerId: string;
  readonly projectId: string;
  readonly projectTitle: string;
  readonly projectVersion: bigint;
  readonly state: Pledge['state'];
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly createTime: Date;
  readonly deliveryTime: Date | null;
  readonly version: bigint;
}

/** Every pledge, by id, with what My Page shows of it. */
export const listPledgesForMyPage = (client: Queries, after: string, limit: number) =>
  client.$queryRaw<PledgeForMyPage[]>`
    SELECT p.id, p.backer_id AS "backerId", p.project_id AS "projectId", j.title AS "projectTitle", j.version AS "projectVersion", p.state,
        p.currency::text, p.total_minor AS "totalMinor", p.create_time AS "createTime", p.delivery_time AS "deliveryTime", p.version
      FROM pledge p JOIN project j ON j.id = p.project_id WHERE p.id > ${after}::uuid ORDER BY p.id LIMIT ${limit}`;

type PledgeRow = Prisma.PledgeGetPayload<{ include: typeof withLines }>;

const pledgeOf = ({ refundRequests: [newest], ...row }: PledgeRow): Pledge => ({
  ...row,
  state: row.state as Pledge['state'],
  address: row.address as Address | null,
  refundRequest: newest && refundRequestOf(newest),
});
