// The real funding, payment and provider, in the worst of moods: the provider's webhooks and payment's events come late, twice and in any order.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { FundingPaymentServiceDefinition, ProviderWebhookServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { startFunding } from '@moa/funding';
import { variables as fundingVariables } from '@moa/funding/config';
import { readConfig } from '@moa/kit';
import { startPayment } from '@moa/payment';
import { variables as paymentVariables } from '@moa/payment/config';
import { startSandboxProvider } from '@moa/sandbox-provider';
import { freePorts } from '@moa/stack';
import { openTestbed, until } from '@moa/testkit';
import pg from 'pg';
import { openCourier, SENDER_PREFIX } from './courier.js';

const API_KEY = 'test-api-key';
const WEBHOOK_SECRET = 'test-webhook-secret';
/** Soon over, so that many unknown outcomes fit into a run. */
const PROVIDER_TIMEOUT_MS = 300;
const MOST_LATE_MS = 300;
const LOST_SHARE = 0.1;
const AGAIN_SHARE = 0.2;
/** Of refunds; charges have their cards. */
const REFUND_FAULTS = ['TIMEOUT_AFTER_SUCCESS', 'TIMEOUT_BEFORE', 'ERROR_ONCE', 'DUPLICATE_WEBHOOK', 'REORDERED_WEBHOOKS'];
const FAULT_SHARE = 0.12;
const SETTLED_WITHIN_MS = 45_000;

export type Stand = Awaited<ReturnType<typeof openStand>>;

export async function openStand(seed: number, random: () => number) {
  const bed = await openTestbed('money-model');
  const courier = await openCourier(bed, random);
  const door = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
      const hand = () => webhooks.receiveWebhook({ body: Buffer.concat(chunks), headers });
      await sleep(random() * MOST_LATE_MS);
      const calls = random() < LOST_SHARE ? [] : random() < AGAIN_SHARE ? [hand(), hand()] : [hand()];
      const answers = await Promise.allSettled(calls);
      response.writeHead(answers.some(({ status }) => status === 'fulfilled') ? 200 : 503).end();
    });
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');

  const folder = mkdtempSync(join(tmpdir(), 'moa-provider-'));
  const provider = await startSandboxProvider({
    listen: '127.0.0.1:0',
    dataFolder: folder,
    apiKey: API_KEY,
    webhookSecret: WEBHOOK_SECRET,
    webhookUrl: `http://127.0.0.1:${(door.address() as AddressInfo).port}/`,
    seed,
  });
  const ask = async <T>(path: string, body?: object): Promise<{ status: number; body: T }> => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const response = await fetch(provider.url + path, body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers });
    return { status: response.status, body: (await response.json()) as T };
  };
  for (const kind of REFUND_FAULTS) await ask('/v1/faults', { kind, operation: 'REFUND', rate: FAULT_SHARE });

  const FUNDING_ADDRESS = `127.0.0.1:${(await freePorts(1))[0]}`;
  const payment = await startPayment(
    readConfig(paymentVariables, {
      ...(await bed.environment('payment')),
      // Its events go to the courier first.
      NATS_URL: bed.natsUrl,
      NATS_PREFIX: SENDER_PREFIX,
      PROVIDER_URL: provider.url,
      PROVIDER_API_KEY: API_KEY,
      PROVIDER_TIMEOUT_MS: String(PROVIDER_TIMEOUT_MS),
      WEBHOOK_SECRET,
      FUNDING_ADDRESS,
      // Nobody pays out here.
      BANK_URL: 'http://127.0.0.1:9',
      BANK_API_KEY: 'none',
      SELLER_ADDRESS: '127.0.0.1:9',
      // Nobody reconciles here.
      PURCHASE_ADDRESS: '127.0.0.1:9',
    }),
  );
  const funding = await startFunding(
    readConfig(fundingVariables, {
      ...(await bed.environment('funding')),
      LISTEN: FUNDING_ADDRESS,
      PAYMENT_ADDRESS: payment.address,
      USER_ADDRESS: '127.0.0.1:9',
      COUPON_ADDRESS: '127.0.0.1:9',
    }),
  );
  const webhooks = bed.connect(ProviderWebhookServiceDefinition, payment.address, { as: 'gateway' });
  const databases = {
    funding: new pg.Pool({ connectionString: await bed.databaseUrl('funding'), max: 4 }),
    payment: new pg.Pool({ connectionString: await bed.databaseUrl('payment'), max: 4 }),
  };
  for (const database of Object.values(databases)) database.on('error', () => {});
  const sql = async <Row extends pg.QueryResultRow>(of: keyof typeof databases, text: string, ...values: unknown[]): Promise<Row[]> =>
    (await databases[of].query<Row>(text, values)).rows;
  const none = async (of: keyof typeof databases, text: string, ...values: unknown[]) => (await sql(of, text, ...values)).length === 0;

  const looks: (() => Promise<boolean>)[] = [
    () =>
      none(
        'funding',
        `SELECT id FROM project WHERE (state = 'LIVE' AND close_time <= $1) OR (state = 'CHARGING' AND NOT EXISTS (
           SELECT FROM pledge p WHERE p.project_id = project.id AND p.state IN ('ACTIVE', 'CHARGING', 'PAYMENT_FAILED')))
         UNION ALL SELECT id FROM pledge WHERE state = 'CHARGING' OR next_charge_time <= $1
         UNION ALL SELECT project_id FROM sweep UNION ALL SELECT pledge_id FROM pledge_refund
         UNION ALL SELECT pledge_id FROM pledge_hold WHERE due_time IS NOT NULL`,
        bed.now(),
      ),
    () =>
      none(
        'payment',
        `SELECT payment_id FROM attempt WHERE state IN ('PENDING', 'UNKNOWN') UNION ALL SELECT id FROM refund WHERE state = 'BEGUN'`,
      ),
    async () => (await ask<{ pendingWebhooks: number }>('/v1/books/totals')).body.pendingWebhooks === 0,
    () => none('payment', 'SELECT FROM kit.outbox'),
    courier.isDone,
    () => none('funding', 'SELECT FROM kit.outbox'),
  ];
  const isQuiet = async () => {
    for (const look of looks) if (!(await look())) return false;
    return true;
  };

  return {
    bed,
    courier,
    ask,
    sql,
    paymentAddress: payment.address,
    projects: bed.connect(ProjectServiceDefinition, funding.address),
    pledges: bed.connect(PledgeServiceDefinition, funding.address),
    payments: bed.connect(FundingPaymentServiceDefinition, payment.address),
    /** Until all that is due at this hour has been done, told and heard: twice, because one thing leads to another. */
    untilQuiet: () => until(async () => (await isQuiet()) && (await isQuiet()), SETTLED_WITHIN_MS),
    async close() {
      await funding.stop();
      await payment.stop();
      await provider.stop();
      door.closeAllConnections();
      door.close();
      courier.close();
      for (const database of Object.values(databases)) await database.end();
      await bed.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
