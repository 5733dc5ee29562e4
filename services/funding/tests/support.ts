// What the tests of funding share: the service in this process, payment as its peer, and rows that are made behind the service's back.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceError, status } from '@grpc/grpc-js';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { UpdateServiceDefinition } from '@moa/contracts/funding/v1/update_service';
import { newId, readConfig } from '@moa/kit';
import { openTestbed, reasonOf } from '@moa/testkit';
import pg from 'pg';
import { variables } from '../src/config.js';
import { startFunding } from '../src/service.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const ADDRESS = { recipient: '김모아', phone: '010-1234-5678', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };

export const bed = await openTestbed('funding');
export const sql = new pg.Pool({ connectionString: await bed.databaseUrl('funding'), max: 4 });

// Nobody listens there: a pledge asks nobody, unless it carries coupons or points.
const NOBODY = '127.0.0.1:9';

/** Where the peers of funding are. */
export interface Peers {
  readonly payment?: string;
  readonly user?: string;
  readonly coupon?: string;
}

export const environmentOf = async ({ payment = NOBODY, user = NOBODY, coupon = NOBODY }: Peers = {}) => ({
  ...(await bed.environment('funding')),
  PAYMENT_ADDRESS: payment,
  USER_ADDRESS: user,
  COUPON_ADDRESS: coupon,
});

/** The service in this process, as Envoy's client would call it. */
export async function openFunding(peers: Peers = {}) {
  const running = await startFunding(readConfig(variables, await environmentOf(peers)));
  return { address: running.address, ...clientsOf(running.address), stop: () => running.stop() };
}

export const clientsOf = (address: string) => ({
  projects: patient(bed.connect(ProjectServiceDefinition, address)),
  pledges: patient(bed.connect(PledgeServiceDefinition, address)),
  updates: patient(bed.connect(UpdateServiceDefinition, address)),
});

// The machine may be busy, and a call has three seconds. What may be sent again is, as every client of the house does.
const TRIES = 10;
const BACK_OFF_MS = 500;
const ONCE_ONLY = new Set(['updateProject', 'updateReward', 'watchProject']);
function patient<C extends object>(client: C): C {
  const methods = Object.entries(client).map(([name, call]) => [name, ONCE_ONLY.has(name) ? call : insisting(call)]);
  return Object.fromEntries(methods) as C;
}

const insisting =
  (call: (...given: unknown[]) => Promise<unknown>) =>
  async (...given: unknown[]): Promise<unknown> => {
    for (let tries = 1; ; tries++) {
      try {
        return await call(...given);
      } catch (error) {
        if (tries === TRIES || (error as ServiceError).code !== status.DEADLINE_EXCEEDED) throw error;
        await sleep(BACK_OFF_MS * tries);
      }
    }
  };

export async function closeBed(...stops: (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop();
  await sql.end();
  await bed.close();
}

export interface RewardPlan {
  readonly priceMinor?: number;
  readonly stock?: number | null;
  readonly limit?: number;
  readonly ships?: boolean;
}

/** A project that takes pledges, with rewards. */
export async function liveProject({
  goalMinor = 1_000_000,
  kind = 'ALL_OR_NOTHING',
  closeInMs = 30 * DAY_MS,
  rewards = [{}] as readonly RewardPlan[],
  retries = 7,
} = {}) {
  const projectId = randomUUID();
  const sellerId = randomUUID();
  const now = bed.now().getTime();
  await sql.query(
    `INSERT INTO project (id, seller_id, title, summary, story, category, image_urls, kind, currency, goal_minor, start_time, close_time, state, public,
       charge_retries, charge_retry_seconds, create_time) VALUES ($1, $2, '달빛 조명', '', '', 'design', '{}', $3, 'KRW', $4, $5, $6, 'LIVE', true, $7, 86400, $5)`,
    [projectId, sellerId, kind, goalMinor, new Date(now - DAY_MS), new Date(now + closeInMs), retries],
  );
  const rewardIds: string[] = [];
  for (const { priceMinor = 10_000, stock = null, limit = 0, ships = false } of rewards) {
    const rewardId = randomUUID();
    await sql.query(`INSERT INTO reward VALUES ($1, $2, '조명', '', $3, $4, $4, $5, '2027-03', $6)`, [
      rewardId,
      projectId,
      priceMinor,
      stock,
      limit,
      ships,
    ]);
    rewardIds.push(rewardId);
  }
  return { projectId, sellerId, rewardIds, rewardId: rewardIds[0]! };
}

export interface Backer {
  readonly id: string;
  readonly billingMethodId: string;
}

/** An account with a card, as payment's event would tell. */
export async function backer(): Promise<Backer> {
  const account = { id: randomUUID(), billingMethodId: randomUUID() };
  await sql.query('INSERT INTO billing_method VALUES ($1, $2)', [account.billingMethodId, account.id]);
  return account;
}

export const backers = (count: number): Promise<Backer[]> => Promise.all(Array.from({ length: count }, backer));

/** Pledges of one piece each, placed by as many backers in one statement: for tests that are about what comes after. */
export async function placePledges(count: number, projectId: string, rewardId: string) {
  const who = Array.from({ length: count }, () => ({ id: randomUUID(), billingMethodId: randomUUID(), pledgeId: newId() }));
  const columns = [who.map(({ id }) => id), who.map(({ billingMethodId }) => billingMethodId), who.map(({ pledgeId }) => pledgeId)];
  await sql.query(
    'INSERT INTO billing_method SELECT * FROM unnest($1::uuid[], $2::uuid[])',
    columns.slice(1, 2).concat(columns.slice(0, 1)),
  );
  await sql.query(
    `SELECT place_pledges(jsonb_agg(jsonb_build_object('place', place, 'new_id', pledge, 'target', $4::uuid, 'reward_ids', ARRAY[$5::uuid],
       'quantities', ARRAY[1], 'extra', 0, 'method', method, 'call', jsonb_build_object(
         'at', $6::text, 'caller', backer, 'method', 'test', 'request', gen_random_uuid(), 'hash', '', 'trace', ''))))
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS placed(backer, method, pledge, place)`,
    [...columns, projectId, rewardId, bed.now().toISOString()],
  );
  return who;
}

/** A request for one piece of a reward, unless said otherwise. */
export const pledgeOf = ({ billingMethodId }: Backer, projectId: string, rewardId: string, quantity = 1, more = {}) => ({
  requestId: randomUUID(),
  projectId,
  lines: quantity === 0 ? [] : [{ rewardId, quantity }],
  extra: undefined,
  billingMethodId,
  address: undefined,
  couponIds: [],
  pointsMinor: 0n,
  ...more,
});

export const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });

/** The reason of a refusal; fails the test when there was none. */
export async function refusal(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => new Error('was not refused'),
    (error: unknown) => error,
  );
  return reasonOf(error) ?? String(error);
}

export async function projectRow(id: string) {
  const { rows } = await sql.query('SELECT raised_minor::integer AS raised, pledge_count AS count, state FROM project WHERE id = $1', [id]);
  return rows[0] as { raised: number; count: number; state: string };
}

/** What the pledges of a project that are not canceled add up to. */
export async function sumOfPledges(id: string) {
  const { rows } = await sql.query(
    `SELECT coalesce(sum(total_minor), 0)::integer AS raised, count(*)::integer AS count FROM pledge WHERE project_id = $1 AND state <> 'CANCELED'`,
    [id],
  );
  return rows[0] as { raised: number; count: number };
}

export async function remaining(rewardId: string): Promise<number | null> {
  return (await sql.query('SELECT remaining FROM reward WHERE id = $1', [rewardId])).rows[0].remaining;
}

/** How many pledges of a project are in each state. */
export async function states(projectId: string): Promise<Record<string, number>> {
  const { rows } = await sql.query('SELECT state, count(*)::integer AS count FROM pledge WHERE project_id = $1 GROUP BY state', [
    projectId,
  ]);
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}
