// Coupons of people, and who holds them.
import { newId, type Origin, refusing, sqlCall, type TimeKeyset } from '@moa/kit';
import type { Coupon, Source } from '../domain/coupon.js';
import type { Candidate } from '../domain/rules.js';
import { fail } from '../errors.js';
import type { Campaign as CampaignRow, Coupon as CouponRow } from '../generated/client.js';
import type { Queries } from './database.js';

const withCampaign = { campaign: true } as const;

/** Gives a person a coupon. Throws why not. */
export async function issueCoupon(tx: Queries, origin: Origin, campaignId: string, ownerId: string, source: Source): Promise<Coupon> {
  const id = newId();
  await refusing(
    fail,
    tx.$queryRaw`SELECT (issue_coupon(${sqlCall(origin)}::jsonb, ${id}::uuid, ${campaignId}::uuid, ${ownerId}::uuid, ${source}::text)).id`,
  );
  return findCoupon(tx, id);
}

/** Throws COUPON_NOT_FOUND. */
export async function findCoupon(client: Queries, id: string): Promise<Coupon> {
  const row = await client.coupon.findUnique({ where: { id }, include: withCampaign });
  if (!row) throw fail('COUPON_NOT_FOUND', { couponId: id });
  return row as Coupon;
}

/** A person's, the first to expire first, from the one after `after` on. */
export const listCoupons = async (
  client: Queries,
  ownerId: string,
  state: string,
  after: TimeKeyset | undefined,
  limit: number,
): Promise<Coupon[]> =>
  (await client.coupon.findMany({
    where: {
      ownerId,
      state,
      ...(after && { OR: [{ expireTime: { gt: after.time } }, { expireTime: after.time, id: { gt: after.id } }] }),
    },
    orderBy: [{ expireTime: 'asc' }, { id: 'asc' }],
    take: limit,
    include: withCampaign,
  })) as Coupon[];

/** By id, from the one after `after` on. */
export const listAllCoupons = async (client: Queries, after: string | undefined, limit: number): Promise<Coupon[]> =>
  (await client.coupon.findMany({
    where: after ? { id: { gt: after } } : {},
    orderBy: { id: 'asc' },
    take: limit,
    include: withCampaign,
  })) as Coupon[];

/** The named coupons of a person; the others are not there. */
export async function findCandidates(client: Queries, ownerId: string, couponIds: readonly string[]): Promise<Candidate[]> {
  const rows = await client.coupon.findMany({ where: { ownerId, id: { in: [...couponIds] } }, include: withCampaign });
  return rows.map(candidateOf);
}

/** What a person could use, the first to expire first. */
export async function listCandidates(client: Queries, ownerId: string, most: number): Promise<Candidate[]> {
  const rows = await client.coupon.findMany({
    where: { ownerId, state: 'ISSUED' },
    orderBy: { expireTime: 'asc' },
    take: most,
    include: withCampaign,
  });
  return rows.map(candidateOf);
}

const candidateOf = ({ id, campaignId, state, expireTime, campaign }: CouponRow & { campaign: CampaignRow }): Candidate => ({
  couponId: id,
  campaignId,
  state: state as Candidate['state'],
  expireTime,
  campaignPaused: campaign.state === 'PAUSED',
  budgetLeftMinor: campaign.budgetMinor === 0n ? null : campaign.budgetMinor - campaign.spentMinor,
  terms: campaign as Candidate['terms'],
});

/** Takes a coupon away. Throws COUPON_NOT_FOUND, COUPON_NOT_REVOCABLE. */
export async function revokeCoupon(tx: Queries, origin: Origin, id: string): Promise<Coupon> {
  await refusing(fail, tx.$queryRaw`SELECT revoke_coupon(${sqlCall(origin)}::jsonb, ${id}::uuid)::text`);
  return findCoupon(tx, id);
}

/** Its owner has gone: what can be used is taken away. */
export async function revokeCouponsOf(tx: Queries, origin: Origin, ownerId: string): Promise<void> {
  await tx.$queryRaw`SELECT revoke_coupons_of(${sqlCall(origin)}::jsonb, ${ownerId}::uuid)::text`;
}
