// Projects to pledge to, and who pledges, for benchmarks of funding.
import { randomUUID } from 'node:crypto';
import { CreatePledgeRequest } from '@moa/contracts/funding/v1/pledge_service';
import type { Testbed } from '@moa/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { grpcCaller } from './caller.js';

/** A backer with a card. */
export const backer = { id: randomUUID(), billingMethodId: randomUUID() };

// Ids have numbers that pgbench can make up: their last digits.
const sqlId = (kind: number, n: string) => `('0198c2f4-6d1a-7c3e-9b0${kind}-' || lpad(${n}, 12, '0'))::uuid`;
const id = (kind: number, n: number) => `0198c2f4-6d1a-7c3e-9b0${kind}-${String(n).padStart(12, '0')}`;
export const projectId = (n: number) => id(1, n);
export const rewardId = (n: number) => id(2, n);
/** The same in SQL, for a number in SQL. */
export const sqlProjectId = (n: string) => sqlId(1, n);
export const sqlRewardId = (n: string) => sqlId(2, n);

/** Makes live projects with one reward each. */
export async function seedProjects(databaseUrl: string, count: number, stock: number | null): Promise<void> {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  await database.query('INSERT INTO billing_method VALUES ($1, $2)', [backer.billingMethodId, backer.id]);
  await database.query(
    `INSERT INTO project (id, seller_id, title, summary, story, category, image_urls, kind, currency, goal_minor, start_time, close_time, state, public, charge_retries, charge_retry_seconds, create_time)
       SELECT ${sqlProjectId('n::text')}, gen_random_uuid(), 'Project ' || n, '', '', '도서', '{}', 'ALL_OR_NOTHING', 'KRW', 1000000000,
              now() - interval '1 day', now() + interval '30 days', 'LIVE', true, 7, 86400, now() FROM generate_series(0, $1 - 1) AS n`,
    [count],
  );
  await database.query(
    `INSERT INTO reward (id, project_id, title, description, price_minor, stock, remaining, limit_per_backer, delivery_month, ships)
       SELECT ${sqlRewardId('n::text')}, ${sqlProjectId('n::text')}, 'Reward', '', 10000, $2, $2, 0, '2027-03', false FROM generate_series(0, $1 - 1) AS n`,
    [count, stock],
  );
  await database.query('VACUUM ANALYZE');
  await database.end();
}

/** What starts the funding service for a benchmark. */
export const fundingEnvironment = async (bed: Testbed): Promise<Record<string, string>> => ({
  ...(await bed.environment('funding')),
  PAYMENT_ADDRESS: '127.0.0.1:1',
  USER_ADDRESS: '127.0.0.1:1',
  COUPON_ADDRESS: '127.0.0.1:1',
  LOG_LEVEL: 'info',
});

/** Pledges one piece of the reward of the project that `pick` gives, with each call. */
export const pledgeCaller = async (bed: Testbed, address: string, pick: () => number) =>
  grpcCaller(address, bed.certificates('envoy'), await bed.token(backer.id), () => {
    const n = pick();
    const body = {
      requestId: uuidv7(),
      projectId: projectId(n),
      lines: [{ rewardId: rewardId(n), quantity: 1 }],
      extra: undefined,
      billingMethodId: backer.billingMethodId,
      address: undefined,
      couponIds: [],
      pointsMinor: 0n,
    };
    return Buffer.from(CreatePledgeRequest.encode(body).finish());
  });
