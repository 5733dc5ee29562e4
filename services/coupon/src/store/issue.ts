// How people come by coupons: each is one SQL function of migration 0002_issue.
import { type Call, newId, type Origin, type Outcome, refusalOf, refusing, sqlCall, type TimeKeyset, write } from '@moa/kit';
import type { Campaign } from '../domain/campaign.js';
import { fail } from '../errors.js';
import { Prisma } from '../generated/client.js';
import type { CouponDatabase, Queries } from './database.js';

export interface ClaimRequest {
  readonly call: Call;
  readonly campaignId: string;
}

type ClaimOutcome = { readonly id: string } | { readonly reason: string };

/** Claims that come together are written together, each with its own outcome: the coupon's id, or why not. */
export async function claimCoupons(db: CouponDatabase, requests: readonly ClaimRequest[]): Promise<Outcome<string>[]> {
  const claims = requests.map(({ call, campaignId }) => ({ call: JSON.parse(sqlCall(call)) as unknown, newId: newId(), campaignId }));
  const [row] = await write<{ outcomes: ClaimOutcome[] }>(
    db,
    fail,
    Prisma.sql`SELECT claim_coupons(${JSON.stringify(claims)}::jsonb) AS outcomes`,
  );
  return row!.outcomes.map((outcome) =>
    'id' in outcome ? { value: outcome.id } : { error: refusalOf(fail, { message: outcome.reason, detail: undefined }) },
  );
}

/** Gives a coupon for a code; its id. Throws CODE_NOT_FOUND, CODE_USED, and why the campaign gives none. */
export async function redeemCode(tx: Queries, origin: Origin, caller: string, code: string): Promise<string> {
  const call = JSON.stringify({ ...JSON.parse(sqlCall(origin)), caller });
  const query = tx.$queryRaw<[{ id: string }]>`SELECT redeem_code(${call}::jsonb, ${newId()}::uuid, ${code}::text) AS id`;
  return (await refusing(fail, query))[0].id;
}

/** Campaigns that welcome at once, at most: more would be no welcome. */
const MOST_WELCOMES = 20;

export async function welcome(tx: Queries, origin: Origin, accountId: string): Promise<void> {
  const ids = Array.from({ length: MOST_WELCOMES }, newId);
  await tx.$queryRaw`SELECT welcome(${sqlCall(origin)}::jsonb, ${accountId}::uuid, ${ids}::uuid[])::text`;
}

export interface IssueJob {
  readonly id: string;
  readonly campaignId: string;
  readonly kind: 'LIST' | 'CODES';
  readonly state: 'OPEN' | 'RUNNING' | 'DONE' | 'STOPPED';
  readonly totalCount: bigint;
  readonly doneCount: bigint;
  readonly skippedCount: bigint;
  readonly stopReason: string;
  readonly createTime: Date;
  readonly endTime: Date | null;
}

type NewJob = Pick<IssueJob, 'campaignId' | 'kind' | 'state' | 'createTime'> & { readonly totalCount?: bigint };

export const insertJob = async (tx: Queries, job: NewJob): Promise<IssueJob> =>
  (await tx.issueJob.create({ data: { id: newId(), ...job } })) as IssueJob;

/** Throws JOB_NOT_FOUND. */
export async function findJob(client: Queries, id: string): Promise<IssueJob> {
  const row = await client.issueJob.findUnique({ where: { id } });
  if (!row) throw fail('JOB_NOT_FOUND', { jobId: id });
  return row as IssueJob;
}

/** A list that is being handed in; nobody else changes it until the transaction ends. Throws JOB_NOT_FOUND, LIST_STARTED. */
export async function lockOpenList(tx: Queries, id: string): Promise<IssueJob> {
  await tx.$queryRaw`SELECT FROM issue_job WHERE id = ${id}::uuid FOR UPDATE`;
  const job = await findJob(tx, id);
  if (job.kind !== 'LIST') throw fail('JOB_NOT_FOUND', { jobId: id });
  if (job.state !== 'OPEN') throw fail('LIST_STARTED', { jobId: id });
  return job;
}

/** Who is on it already stays on it once. */
export async function addToList(tx: Queries, { id }: IssueJob, accountIds: readonly string[]): Promise<IssueJob> {
  const added = await tx.$executeRaw`
    INSERT INTO issue_list (job_id, account_id) SELECT ${id}::uuid, account FROM unnest(${[...accountIds]}::uuid[]) AS account ON CONFLICT DO NOTHING`;
  return (await tx.issueJob.update({ where: { id }, data: { totalCount: { increment: added } } })) as IssueJob;
}

export const startJob = async (tx: Queries, { id }: IssueJob): Promise<IssueJob> =>
  (await tx.issueJob.update({ where: { id }, data: { state: 'RUNNING' } })) as IssueJob;

/** Oldest first. */
export const listRunningJobs = async (client: Queries, limit: number): Promise<IssueJob[]> =>
  (await client.issueJob.findMany({
    where: { state: 'RUNNING' },
    orderBy: [{ createTime: 'asc' }, { id: 'asc' }],
    take: limit,
  })) as IssueJob[];

/** Serves the next of a list; gives how many. */
export async function issueNext(db: CouponDatabase, origin: Origin, jobId: string, most: number): Promise<number> {
  const ids = Array.from({ length: most }, newId);
  const statement = Prisma.sql`SELECT issue_next(${sqlCall(origin)}::jsonb, ${jobId}::uuid, ${ids}::uuid[]) AS served`;
  const [row] = await write<{ served: number }>(db, fail, statement);
  return row!.served;
}

/** Writes codes; gives how many are still to be made. */
export async function addCodes(db: CouponDatabase, origin: Origin, jobId: string, codes: readonly string[]): Promise<bigint> {
  const statement = Prisma.sql`SELECT add_codes(${sqlCall(origin)}::jsonb, ${jobId}::uuid, ${[...codes]}::text[]) AS left`;
  const [row] = await write<{ left: bigint }>(db, fail, statement);
  return row!.left;
}

/** As they were made, from the one after `after` on. */
export const listCodes = (client: Queries, campaignId: string, after: bigint, limit: number) =>
  client.couponCode.findMany({
    where: { campaignId, position: { gt: after } },
    orderBy: { position: 'asc' },
    take: limit,
    select: { position: true, code: true },
  });

export async function countCodes(client: Queries, campaignId: string): Promise<{ codeCount: bigint; redeemedCount: bigint }> {
  const [row] = await client.$queryRaw<[{ codeCount: bigint; redeemedCount: bigint }]>`
    SELECT count(*) AS "codeCount", count(redeemed_by) AS "redeemedCount" FROM coupon_code WHERE campaign_id = ${campaignId}::uuid`;
  return row;
}

/** The place in the list of what has no end. */
export const NEVER = new Date('9999-12-31T00:00:00.000Z');
const LEAST_ID = '00000000-0000-0000-0000-000000000000';

/** Campaigns that anybody may claim of now, those that end soonest first, from the one after `after` on. */
export async function listClaimable(client: Queries, at: Date, after: TimeKeyset | undefined, limit: number): Promise<Campaign[]> {
  const endKey = !after ? '-infinity' : after.time < NEVER ? after.time.toISOString() : 'infinity';
  const places = await client.$queryRaw<{ id: string }[]>`
    SELECT id FROM campaign
     WHERE claimable AND state = 'ACTIVE' AND issue_start_time <= ${at} AND coalesce(issue_end_time, 'infinity') > ${at}
       AND (coalesce(issue_end_time, 'infinity'), id) > (${endKey}::timestamptz, ${after?.id ?? LEAST_ID}::uuid)
     ORDER BY coalesce(issue_end_time, 'infinity'), id LIMIT ${limit}`;
  const rows = new Map(
    (await client.campaign.findMany({ where: { id: { in: places.map((place) => place.id) } } })).map((row) => [row.id, row]),
  );
  return places.map((place) => rows.get(place.id) as Campaign);
}
