import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testCard } from '@moa/sandbox-provider';
import { openTestbed, type Testbed } from '@moa/testkit';
import pg from 'pg';
import { startServer } from '../measure.js';
import type { Scenario } from '../scenario.js';

const FEW = 10_000;
const MANY = 100_000;
const LOOK_EVERY_MS = 200;
const PLEDGED_MINOR = 10_000;
const API_KEY = 'bench-api-key';
const WEBHOOK_SECRET = 'bench-webhook-secret';
const PROVIDER_PER_SECOND = '1000';
const LINEAR = '<= 1.3';
const FLAT = '<= 1.2';
const YEAR = new Date().getFullYear() + 3;

export const close: Scenario = {
  name: 'close',
  number: 11,
  title: `closing a project of ${MANY} pledges: funding, payment, ledger and provider, all real; funding is killed half-way and comes again`,
  goals: [`${LINEAR} of the time for each pledge of ${FEW}`, `${FLAT} of the memory (peak of funding and of payment)`],
  async run(log) {
    const few = await closeProject(FEW, log);
    const many = await closeProject(MANY, log);
    const sides = [few, many].map(({ pledges, ...values }) => ({ name: `${pledges} pledges, from the close to the last charge`, values }));
    return {
      ratios: [
        { what: 'time for each pledge, 100,000 / 10,000', value: many.seconds / MANY / (few.seconds / FEW), goal: LINEAR },
        { what: 'peak memory of funding, 100,000 / 10,000', value: many.fundingMb / few.fundingMb, goal: FLAT },
        { what: 'peak memory of payment, 100,000 / 10,000', value: many.paymentMb / few.paymentMb, goal: FLAT },
      ],
      sides,
    };
  },
};

interface Closed {
  readonly pledges: number;
  readonly seconds: number;
  readonly fundingMb: number;
  readonly paymentMb: number;
}

async function closeProject(pledges: number, log: (line: string) => void): Promise<Closed> {
  const bed = await openTestbed(`bench-close-${pledges}`);
  const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
  const provider = await startServer('servers/provider.js', { DATA_FOLDER: folder, API_KEY, WEBHOOK_SECRET, LISTEN: '127.0.0.1:0' });
  const secrets = {
    PROVIDER_URL: provider.address,
    PROVIDER_API_KEY: API_KEY,
    WEBHOOK_SECRET,
    FUNDING_ADDRESS: '127.0.0.1:1',
    PURCHASE_ADDRESS: '127.0.0.1:1',
    SELLER_ADDRESS: '127.0.0.1:1',
    BANK_URL: provider.address,
    BANK_API_KEY: API_KEY,
  };
  const payment = await startServer('servers/payment.js', {
    ...(await bed.environment('payment')),
    ...secrets,
    PROVIDER_RATE_PER_SECOND: PROVIDER_PER_SECOND,
  });
  const startFunding = async () =>
    startServer('servers/funding.js', {
      ...(await bed.environment('funding')),
      PAYMENT_ADDRESS: payment.address,
      USER_ADDRESS: '127.0.0.1:1',
      COUPON_ADDRESS: '127.0.0.1:1',
    });
  const databases = await openDatabases(bed);
  let funding = await startFunding();
  try {
    const projectId = await seed(databases, provider.address, pledges);
    const startedMs = performance.now();
    const peaks = { funding: 0, payment: 0 };
    await databases.funding.query('UPDATE project SET close_time = now() WHERE id = $1', [projectId]);
    let killed = false;
    for (;;) {
      await sleep(LOOK_EVERY_MS);
      peaks.funding = Math.max(peaks.funding, residentMb(funding.pid));
      peaks.payment = Math.max(peaks.payment, residentMb(payment.pid));
      const { rows } = await databases.funding.query(
        "SELECT state, (SELECT count(*)::integer FROM pledge WHERE project_id = $1 AND state = 'PAID') AS paid FROM project WHERE id = $1",
        [projectId],
      );
      if (rows[0].state === 'SUCCEEDED') break;
      if (!killed && rows[0].paid > pledges / 2) {
        killed = true;
        await funding.stop('SIGKILL');
        funding = await startFunding();
      }
    }
    const seconds = (performance.now() - startedMs) / 1000;
    await check(databases, provider.address, pledges);
    log(
      `${pledges} pledges: ${seconds.toFixed(1)} s, funding ${peaks.funding.toFixed(0)} MB, payment ${peaks.payment.toFixed(0)} MB; each charged once`,
    );
    return { pledges, seconds, fundingMb: peaks.funding, paymentMb: peaks.payment };
  } finally {
    await Promise.all([funding.stop(), payment.stop(), provider.stop(), databases.funding.end(), databases.payment.end()]);
    await bed.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openDatabases(bed: Testbed) {
  const [funding, payment] = [new pg.Client(await bed.databaseUrl('funding')), new pg.Client(await bed.databaseUrl('payment'))];
  await Promise.all([funding.connect(), payment.connect()]);
  return { funding, payment };
}

type Databases = Awaited<ReturnType<typeof openDatabases>>;

/** A live project with many pledges of as many backers, each with a card of the provider's. */
async function seed({ funding, payment }: Databases, providerUrl: string, pledges: number): Promise<string> {
  const projectId = randomUUID();
  const rewardId = randomUUID();
  const billingKey = await registerCard(providerUrl);
  await funding.query(
    `INSERT INTO project (id, seller_id, title, summary, story, category, image_urls, kind, currency, goal_minor, start_time, close_time, state, public,
       raised_minor, pledge_count, charge_retries, charge_retry_seconds, create_time)
       VALUES ($1, gen_random_uuid(), 'Big', '', '', '도서', '{}', 'ALL_OR_NOTHING', 'KRW', 1, now() - interval '1 day', now() + interval '30 days', 'LIVE', true,
         $2::integer * $3::bigint, $2, 7, 86400, now())`,
    [projectId, pledges, PLEDGED_MINOR],
  );
  await funding.query(
    `INSERT INTO reward (id, project_id, title, description, price_minor, limit_per_backer, delivery_month, ships) VALUES ($1, $2, 'Reward', '', $3, 0, '2027-03', false)`,
    [rewardId, projectId, PLEDGED_MINOR],
  );
  await funding.query(
    'CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, gen_random_uuid() AS backer, gen_random_uuid() AS method FROM generate_series(1, $1::integer)',
    [pledges],
  );
  await funding.query('INSERT INTO billing_method SELECT method, backer FROM made');
  await funding.query(
    `INSERT INTO pledge (id, project_id, backer_id, currency, extra_minor, total_minor, billing_method_id, create_time)
       SELECT id, $1, backer, 'KRW', 0, $2, method, now() FROM made`,
    [projectId, PLEDGED_MINOR],
  );
  await funding.query('INSERT INTO pledge_line SELECT id, $1, 1 FROM made', [rewardId]);
  const { rows } = await funding.query('SELECT array_agg(method) AS methods, array_agg(backer) AS backers FROM made');
  await payment.query(
    `INSERT INTO billing_method (id, account_id, request_id, billing_key, brand, last4, create_time)
       SELECT method, backer, gen_random_uuid(), $3, 'VISA', '0002', now() FROM unnest($1::uuid[], $2::uuid[]) AS made(method, backer)`,
    [rows[0].methods, rows[0].backers, billingKey],
  );
  await Promise.all([funding.query('ANALYZE'), payment.query('ANALYZE')]);
  return projectId;
}

async function registerCard(providerUrl: string): Promise<string> {
  const response = await fetch(`${providerUrl}/v1/billing-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ cardNumber: testCard('PLAIN'), expiryMonth: 12, expiryYear: YEAR, holderId: randomUUID() }),
  });
  return ((await response.json()) as { billingKey: string }).billingKey;
}

/** Throws unless each pledge was paid, booked and charged at the provider exactly once. */
async function check({ funding, payment }: Databases, providerUrl: string, pledges: number): Promise<void> {
  const paid = await funding.query("SELECT count(*)::integer AS n FROM pledge WHERE state = 'PAID'");
  const booked = await payment.query("SELECT count(*)::integer AS n FROM ledger_transaction WHERE kind = 'CHARGE'");
  const response = await fetch(`${providerUrl}/v1/books/totals`, { headers: { authorization: `Bearer ${API_KEY}` } });
  const { totals } = (await response.json()) as { totals: { charges: number }[] };
  const counts = [paid.rows[0].n, booked.rows[0].n, totals[0]!.charges];
  if (counts.some((count) => count !== pledges)) throw new Error(`of ${pledges} pledges: paid, booked, charged ${counts.join(', ')}`);
}

const residentMb = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
