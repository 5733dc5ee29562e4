import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CheckoutRequest } from '@moa/contracts/purchase/v1/order_service';
import { PLANNING } from '@moa/kit';
import { openTestbed } from '@moa/testkit';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { grpcCaller } from '../caller.js';
import { closedLoop, median, type Side, startServer } from '../measure.js';
import { purchaseEnvironment } from '../products.js';
import { findPgbench, pgbenchRate } from '../programs.js';
import type { Scenario } from '../scenario.js';

const CALLERS = 16;
const PRODUCTS = 64;
const PLENTY = 2_000_000_000;
const PRICE = 10_000;
const TURNS = 5;
const TURN_MS = 4_000;
const POLL_MS = 20;
const GOAL = '>= 0.6';
const METHOD = '/moa.purchase.v1.OrderService/Checkout';

const sqlVariantId = (n: string) => `('0198c2f4-6d1a-7c3e-9b04-' || lpad(${n}, 12, '0'))::uuid`;
const variantId = (n: number) => `0198c2f4-6d1a-7c3e-9b04-${String(n).padStart(12, '0')}`;

export const checkout: Scenario = {
  name: 'checkout',
  number: 5,
  title:
    'from checkout to paid through the purchase service, its relay and its consumer, against the same SQL by pgbench on the same Postgres (fsync off for both)',
  goals: [`${GOAL} of pgbench's rate`],
  async run(log) {
    const pgbench = findPgbench();
    const bed = await openTestbed('bench-checkout');
    // The same Postgres, another database: what pgbench writes is not for our relay to publish.
    const limitBed = await openTestbed('bench-checkout-limit');
    const [url, limitUrl] = await Promise.all([bed.databaseUrl('purchase'), limitBed.databaseUrl('purchase')]);
    for (const each of [url, limitUrl]) await seedShelf(each);
    const payment = await startServer('servers/instant-payment.js', await bed.environment('payment'));
    const service = await startServer('servers/purchase.js', { ...(await purchaseEnvironment(bed)), PAYMENT_ADDRESS: payment.address });
    const caller = grpcCaller(service.address, bed.certificates('envoy'), await bed.token(randomUUID()), body, METHOD);
    const database = new pg.Client(url);
    await database.connect();
    const folder = mkdtempSync(join(tmpdir(), 'moa-bench-'));
    const script = join(folder, 'checkout.sql');
    writeFileSync(script, STATEMENTS);
    try {
      const side: Side = { call: caller.call, pid: service.pid };
      await paidPerSecond(side, database);
      const ours: Awaited<ReturnType<typeof paidPerSecond>>[] = [];
      const limit: number[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        const measureOurs = async () => ours.push(await paidPerSecond(side, database));
        const measureLimit = async () => limit.push(await pgbenchRate(pgbench, limitUrl, script, CALLERS, TURN_MS, PLANNING));
        for (const measure of turn % 2 === 0 ? [measureOurs, measureLimit] : [measureLimit, measureOurs]) await measure();
        log(`turn ${turn + 1}: ${ours.at(-1)!.perSecond.toFixed(0)}/s, pgbench ${limit.at(-1)!.toFixed(0)}/s`);
      }
      const perSecond = median(ours.map((turn) => turn.perSecond));
      const p99Ms = median(ours.map((turn) => turn.p99Ms));
      const cpuUs = median(ours.map((turn) => turn.cpuUs));
      return {
        ratios: [{ what: 'orders paid/s, service / pgbench', value: perSecond / median(limit), goal: GOAL }],
        sides: [
          {
            name: 'purchase: gRPC, token, claim, saga, a call of payment, its event, two events of its own published',
            values: { perSecond, p99MsOfCheckout: p99Ms, cpuUs },
          },
          { name: 'pgbench: claim, begin, await, answer, pay: five transactions an order, prepared', values: { perSecond: median(limit) } },
        ],
      };
    } finally {
      caller.close();
      await database.end();
      await service.stop();
      await payment.stop();
      await Promise.all([bed.close(), limitBed.close()]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Keeps callers checking out for a while, and waits until the last order is paid. */
async function paidPerSecond(side: Side, database: pg.Client): Promise<{ perSecond: number; p99Ms: number; cpuUs: number }> {
  const before = await countOf(database, "state = 'PAID'");
  const startedMs = performance.now();
  const { calls, p99Ms, cpuUs } = await closedLoop(side, CALLERS, TURN_MS);
  while ((await countOf(database, "state = 'PAID'")) < before + calls) await sleep(POLL_MS);
  return { perSecond: calls / ((performance.now() - startedMs) / 1000), p99Ms, cpuUs };
}

async function countOf(database: pg.Client, condition: string): Promise<number> {
  const { rows } = await database.query<{ count: number }>(`SELECT count(*)::integer AS count FROM "order" WHERE ${condition}`);
  return rows[0]!.count;
}

const address = { recipient: '김모아', phone: '010-1234-5678', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };

// Two of one thing and one of another: what an order is on the average day.
function body() {
  const first = Math.floor(Math.random() * PRODUCTS);
  const price = { currencyCode: 'KRW', amountMinor: BigInt(PRICE) };
  const items = [
    { variantId: variantId(first), quantity: 2, price },
    { variantId: variantId((first + 1) % PRODUCTS), quantity: 1, price },
  ];
  const order = {
    requestId: uuidv7(),
    items,
    couponIds: [],
    pointsMinor: 0n,
    address,
    returnUrl: 'https://shop.example/paid',
    fromCart: false,
  };
  return Buffer.from(CheckoutRequest.encode(order).finish());
}

async function seedShelf(databaseUrl: string): Promise<void> {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  await database.query(
    `INSERT INTO product (id, seller_id, state, title, description, category, image_urls, options, currency, sold_count, create_time, publish_time)
     SELECT ${sqlVariantId('n::text')}, gen_random_uuid(), 'ON_SALE', 'Product ' || n, '', 'c', '{}', '[]', 'KRW', 0, now(), now() FROM generate_series(0, $1 - 1) AS n`,
    [PRODUCTS],
  );
  await database.query(
    `INSERT INTO variant (id, product_id, position, option_values, price_minor, on_hand)
     SELECT ${sqlVariantId('n::text')}, ${sqlVariantId('n::text')}, 0, '{}', $2, $3 FROM generate_series(0, $1 - 1) AS n`,
    [PRODUCTS, PRICE, PLENTY],
  );
  await database.query('VACUUM ANALYZE');
  await database.end();
}

// What the service sends for one order, with ids and the request's hash made in SQL.
const STATEMENTS = `\\set n random(0, ${PRODUCTS - 1})
SELECT gen_random_uuid() AS id, jsonb_build_object('at', now(), 'trace', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
  'caller', gen_random_uuid(), 'method', '${METHOD}', 'request', gen_random_uuid(), 'hash', md5(random()::text)) AS call \\gset
SELECT kit.claim_first(:call::text::jsonb, interval '30 s');
SELECT begin_order(:call::text::jsonb, jsonb_build_object('id', :id::text, 'lineIds', ARRAY[gen_random_uuid(), gen_random_uuid()],
  'variantIds', ARRAY[${sqlVariantId(':n::bigint::text')}, ${sqlVariantId(`((:n + 1) % ${PRODUCTS})::bigint::text`)}], 'quantities', ARRAY[2, 1],
  'prices', ARRAY['${PRICE}', '${PRICE}'], 'currencies', ARRAY['KRW', 'KRW'], 'couponIds', '[]'::jsonb, 'points', '0', 'address', '{"recipient": "김모아",
  "phone": "010-1234-5678", "postalCode": "04524", "line1": "서울시 중구 세종대로 110", "line2": ""}'::jsonb, 'returnUrl', 'https://shop.example/paid',
  'expireTime', now() + interval '15 minutes'), interval '30 s');
SELECT await_payment(:call::text::jsonb, :id::text::uuid, 'https://pay.example/1', now() + interval '20 minutes');
SELECT kit.answer(:call::text::jsonb, '{"bytes": "CiQwMTk4YzJmNC02ZDFhLTdjM2UtOWIwMS0wMDAwMDAwMDAwMDA="}');
SELECT pay_order(:call::text::jsonb, :id::text::uuid);
`;
