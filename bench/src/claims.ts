// Campaigns to claim, the crowd that claims, and the door's script alone, for the benchmark of claims.
import { randomUUID } from 'node:crypto';
import { Client, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { ClaimCouponRequest } from '@moa/contracts/coupon/v1/coupon_service';
import { ENTER } from '@moa/coupon/claim-door';
import { certificatesIn, Failure, fromGrpcError } from '@moa/kit';
import type { Testbed } from '@moa/testkit';
import { Redis } from 'ioredis';
import type pg from 'pg';

export const CLAIM_PATH = '/moa.coupon.v1.CouponService/ClaimCoupon';
const DEADLINE_MS = 10_000;
const OWNERS_MS = 60_000;
const bytes = (value: Buffer) => value;

export interface Person {
  readonly accountId: string;
  /** With the token, and with the account for who does not read tokens. */
  readonly metadata: Metadata;
}

/** So many come again in each rush, as people do who looked at the campaign before it began: their tokens are known. */
export const makeCrowd = (bed: Testbed, count: number): Promise<Person[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const accountId = randomUUID();
      const metadata = await bed.as(accountId);
      metadata.set('account', accountId);
      return { accountId, metadata };
    }),
  );

/** A claim of somebody: whether he has a coupon now. Rejects unless the answer is that, or that none is left. */
export type Claim = (campaignId: string, person: Person) => Promise<boolean>;

export function claimCaller(address: string, certificates: string): { readonly claim: Claim; close(): void } {
  const client = new Client(address, certificatesIn(certificates).channel, { 'grpc.ssl_target_name_override': 'localhost' });
  return {
    claim: (campaignId, { metadata }) =>
      new Promise((resolve, reject) => {
        const body = Buffer.from(ClaimCouponRequest.encode({ requestId: randomUUID(), campaignId }).finish());
        client.makeUnaryRequest(CLAIM_PATH, bytes, bytes, body, metadata, { deadline: Date.now() + DEADLINE_MS }, (error) => {
          if (!error) resolve(true);
          else if (isExhausted(error)) resolve(false);
          else reject(error);
        });
      }),
    close: () => client.close(),
  };
}

function isExhausted(error: ServiceError): boolean {
  if (error.details === 'CAMPAIGN_EXHAUSTED') return true;
  const refusal = fromGrpcError(error);
  return refusal instanceof Failure && refusal.reason === 'CAMPAIGN_EXHAUSTED';
}

/** Makes a campaign that gives so many. */
export async function makeCampaign(database: pg.Pool, coupons: number): Promise<string> {
  const id = randomUUID();
  await database.query(
    `INSERT INTO campaign (id, name, fixed_minor, payer, issue_start_time, valid_days, total_limit, limit_per_user, code_kind, claimable, currency, create_time)
       VALUES ($1, 'Rush', 1000, 'PLATFORM', now() - interval '1 day', 30, $2, 1, 'NONE', true, 'KRW', now())`,
    [id, coupons],
  );
  return id;
}

/** How many coupons of a campaign there are, and of how many people. */
export async function issuedOf(database: pg.Pool, campaignId: string): Promise<{ coupons: number; owners: number }> {
  const { rows } = await database.query(
    'SELECT count(*)::integer AS coupons, count(DISTINCT owner_id)::integer AS owners FROM coupon WHERE campaign_id = $1',
    [campaignId],
  );
  return rows[0];
}

interface ScriptCommands extends Redis {
  enterDoor(left: string, owners: string, accountId: string, requestId: string, forMs: number): Promise<string>;
}

/** The script alone, sent as fast as ioredis can. */
export function openScript(url: string, prefix: string) {
  const redis = new Redis(url, { enableAutoPipelining: true }) as ScriptCommands;
  redis.defineCommand('enterDoor', { numberOfKeys: 2, lua: ENTER });
  const key = (campaignId: string, of: string) => `${prefix}bench:{${campaignId}}:${of}`;
  return {
    async open(coupons: number): Promise<string> {
      const campaignId = randomUUID();
      await redis.set(key(campaignId, 'left'), coupons, 'PX', OWNERS_MS);
      return campaignId;
    },
    enter: (campaignId: string, accountId: string, requestId: string) =>
      redis.enterDoor(key(campaignId, 'left'), key(campaignId, 'owners'), accountId, requestId, OWNERS_MS),
    close: () => redis.disconnect(),
  };
}
