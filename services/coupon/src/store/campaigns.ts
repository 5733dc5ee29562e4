import { newId, postgresError } from '@moa/kit';
import type { Campaign, CampaignPlan } from '../domain/campaign.js';
import { fail } from '../errors.js';
import type { Queries } from './database.js';

/** Throws SHARED_CODE_TAKEN. */
export async function insertCampaign(tx: Queries, plan: CampaignPlan, createTime: Date): Promise<Campaign> {
  const data = {
    ...plan,
    id: newId(),
    createTime,
    categories: [...plan.categories],
    sellerIds: [...plan.sellerIds],
    itemIds: [...plan.itemIds],
  };
  try {
    return (await tx.campaign.create({ data })) as Campaign;
  } catch (error) {
    if ((error as { code?: string }).code === 'P2002' || postgresError(error)?.code === '23505') throw fail('SHARED_CODE_TAKEN');
    throw error;
  }
}

/** Throws CAMPAIGN_NOT_FOUND. */
export async function findCampaign(client: Queries, id: string): Promise<Campaign> {
  const row = await client.campaign.findUnique({ where: { id } });
  if (!row) throw fail('CAMPAIGN_NOT_FOUND', { campaignId: id });
  return row as Campaign;
}

/** Nobody else changes it until the transaction ends. */
export async function lockCampaign(tx: Queries, id: string): Promise<Campaign> {
  await tx.$queryRaw`SELECT FROM campaign WHERE id = ${id}::uuid FOR UPDATE`;
  return findCampaign(tx, id);
}

export async function saveCampaign(tx: Queries, { id, state, name, totalLimit, budgetMinor, issueEndTime }: Campaign): Promise<Campaign> {
  const data = { state, name, totalLimit, budgetMinor, issueEndTime, version: { increment: 1 } };
  return (await tx.campaign.update({ where: { id }, data })) as Campaign;
}

/** Newest first, from the one after `after` on. */
export const listCampaigns = async (
  client: Queries,
  state: string | undefined,
  after: string | undefined,
  limit: number,
): Promise<Campaign[]> =>
  (await client.campaign.findMany({
    where: { ...(state && { state }), ...(after && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: limit,
  })) as Campaign[];

export interface Counts {
  readonly state: string;
  readonly source: string;
  readonly count: bigint;
  readonly discountMinor: bigint;
}

export const countCoupons = (client: Queries, campaignId: string): Promise<Counts[]> =>
  client.$queryRaw<Counts[]>`
    SELECT state, source, count(*) AS count, sum(discount_minor)::bigint AS "discountMinor" FROM coupon
     WHERE campaign_id = ${campaignId}::uuid GROUP BY state, source`;
