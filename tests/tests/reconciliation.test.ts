// The real funding, payment and provider, a purchase service that says what it is told to, and differences that are planted between them: each
// has to be found, and nothing else.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Discrepancy_Kind as Kind, Reconciliation_State } from '@moa/contracts/payment/v1/reconciliation';
import { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import { startFunding } from '@moa/funding';
import { variables as fundingVariables } from '@moa/funding/config';
import { readConfig } from '@moa/kit';
import { startPayment } from '@moa/payment';
import { variables as paymentVariables } from '@moa/payment/config';
import { startSandboxProvider, testCard } from '@moa/sandbox-provider';
import { freePorts } from '@moa/stack';
import { openTestbed, until } from '@moa/testkit';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ORDERED_MINOR, openOrdersPeer, orderingAt } from './orders-peer.js';

const API_KEY = 'test-api-key';
const PLEDGED_MINOR = 10_000;
const PLEDGES = 12;
const KINDS = Object.entries(Kind)
  .filter(([, value]) => value > 0)
  .map(([name, value]) => [name.replace('KIND_', ''), value] as const);

const bed = await openTestbed('reconciliation');
const folder = mkdtempSync(join(tmpdir(), 'moa-provider-'));
const provider = await startSandboxProvider({ listen: '127.0.0.1:0', dataFolder: folder, apiKey: API_KEY, webhookSecret: 'test' });
const FUNDING_ADDRESS = `127.0.0.1:${(await freePorts(1))[0]}`;
const purchase = await openOrdersPeer(bed);
const payment = await startPayment(
  readConfig(paymentVariables, {
    ...(await bed.environment('payment')),
    PROVIDER_URL: provider.url,
    PROVIDER_API_KEY: API_KEY,
    WEBHOOK_SECRET: 'test',
    FUNDING_ADDRESS,
    PURCHASE_ADDRESS: purchase.address,
    SELLER_ADDRESS: '127.0.0.1:1',
    BANK_URL: provider.url,
    BANK_API_KEY: API_KEY,
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
// As the owner of everything: what no service can do is what a reconciliation is for.
const pledges = new pg.Pool({ connectionString: await bed.databaseUrl('funding') });
const books = new pg.Pool({ connectionString: await bed.databaseUrl('payment') });
const reconciliations = bed.connect(ReconciliationServiceDefinition, payment.address);
const { paidOrder, refundOrder } = orderingAt(bed, payment.address, purchase.held);
const admin = await bed.as(randomUUID(), 'ADMIN');

async function atProvider<T>(path: string, body: object, key: string = randomUUID()): Promise<T> {
  const response = await fetch(provider.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

const billingKey = await atProvider<{ billingKey: string }>('/v1/billing-keys', {
  cardNumber: testCard('PLAIN'),
  expiryMonth: 12,
  expiryYear: 2040,
  holderId: randomUUID(),
});

/** A project whose pledges are charged now; their ids. */
async function closedProject(count: number): Promise<string[]> {
  const [projectId, rewardId] = [randomUUID(), randomUUID()];
  const made = Array.from({ length: count }, () => ({ id: randomUUID(), backer: randomUUID(), method: randomUUID() }));
  const columns = [made.map(({ id }) => id), made.map(({ backer }) => backer), made.map(({ method }) => method)];
  await books.query(
    `INSERT INTO billing_method (id, account_id, request_id, billing_key, brand, last4, create_time)
       SELECT method, backer, gen_random_uuid(), $3, 'VISA', '0002', now() FROM unnest($1::uuid[], $2::uuid[]) AS made(method, backer)`,
    [columns[2], columns[1], billingKey.billingKey],
  );
  await pledges.query(
    `INSERT INTO project (id, seller_id, title, summary, story, category, image_urls, kind, currency, goal_minor, start_time, close_time, state, public,
       raised_minor, pledge_count, charge_retries, charge_retry_seconds, create_time)
       VALUES ($1, gen_random_uuid(), 'P', '', '', '도서', '{}', 'ALL_OR_NOTHING', 'KRW', 1, now() - interval '1 day', now() + interval '1 hour', 'LIVE', true,
         $2::integer * $3::bigint, $2, 7, 86400, now())`,
    [projectId, count, PLEDGED_MINOR],
  );
  await pledges.query(
    `INSERT INTO reward (id, project_id, title, description, price_minor, limit_per_backer, delivery_month, ships) VALUES ($1, $2, 'R', '', $3, 0, '2027-03', false)`,
    [rewardId, projectId, PLEDGED_MINOR],
  );
  await pledges.query(
    `INSERT INTO pledge (id, project_id, backer_id, currency, extra_minor, total_minor, billing_method_id, create_time)
       SELECT id, $4, backer, 'KRW', 0, $5, method, now() FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS made(id, backer, method)`,
    [...columns, projectId, PLEDGED_MINOR],
  );
  await pledges.query('UPDATE project SET close_time = now() WHERE id = $1', [projectId]);
  return columns[0]!;
}

const paid = async (ids: readonly string[]): Promise<boolean> =>
  (await pledges.query("SELECT FROM pledge WHERE id = ANY($1) AND state <> 'PAID'", [ids])).rowCount === 0;

/** Runs one to its end; the kinds that it found, by what they are about. */
async function found(): Promise<Record<string, string[]>> {
  const { reconciliation } = await reconciliations.runReconciliation({ requestId: randomUUID() }, admin);
  const { id } = reconciliation!;
  await until(
    async () => (await reconciliations.getReconciliation({ id }, admin)).reconciliation!.state === Reconciliation_State.STATE_DONE,
  );
  const kinds: Record<string, string[]> = {};
  for (let pageToken = ''; ; ) {
    const page = await reconciliations.listDiscrepancies({ reconciliationId: id, kind: 0, pageSize: 4, pageToken }, admin);
    for (const { kind, pledgeId, orderId, providerChargeId } of page.discrepancies) {
      const about = pledgeId || orderId || providerChargeId;
      kinds[about] = [...(kinds[about] ?? []), KINDS.find(([, value]) => value === kind)![0]];
    }
    pageToken = page.nextPageToken;
    if (pageToken === '') break;
  }
  const { reconciliation: report } = await reconciliations.getReconciliation({ id }, admin);
  const counted = report!.discrepancies.reduce((sum, { count }) => sum + Number(count), 0);
  assert.is(counted, Object.values(kinds).flat().length);
  assert.is(Number(report!.orderCount), purchase.held.size);
  return kinds;
}

test('money on its way is no difference, and a house in order has none', async () => {
  const ids = await closedProject(40);
  await paidOrder();
  // Paid in part or wholly with points, and given back in part, in money or in points alone.
  await refundOrder(await paidOrder({ pointsMinor: 5_000n }), 15_000);
  await refundOrder(await paidOrder({ pointsMinor: 5_000n }), 15_000, 5_000n);
  await paidOrder({ pointsMinor: 20_000n });
  await refundOrder(await paidOrder({ pointsMinor: 20_000n }), 0, 1n);
  await refundOrder(await paidOrder({ pointsMinor: 20_000n }), 0, 20_000n);
  assert.equal(await found(), {});
  await until(() => paid(ids));
  assert.equal(await found(), {});
});

test('every planted difference is found, by its kind, and nothing else', async () => {
  const ids = await closedProject(PLEDGES);
  await until(() => paid(ids));
  const { rows } = await books.query('SELECT id, pledge_id, seller_id FROM payment WHERE pledge_id = ANY($1)', [ids]);
  const paymentOf = (n: number): string => rows.find((row) => row.pledge_id === ids[n])!.id;
  const chargeOf = async (n: number): Promise<string> =>
    (await books.query('SELECT provider_charge_id FROM attempt WHERE payment_id = $1', [paymentOf(n)])).rows[0].provider_charge_id;
  const inLedger = (key: string) => `(SELECT id FROM ledger_transaction WHERE business_key = '${key}')`;
  const shift = (n: number, account: string, minor: number) =>
    `UPDATE ledger_entry SET amount_minor = amount_minor + ${minor} WHERE account = '${account}' AND transaction_id = ${inLedger(`charge:${paymentOf(n)}`)}`;
  const post = (payment: string, kind: string, sign: number) => `
    WITH posted AS (INSERT INTO ledger_transaction (business_key, kind, payment_id, create_time) VALUES ('${kind.toLowerCase()}:${payment}', '${kind}', '${payment}', now()) RETURNING id)
    INSERT INTO ledger_entry (transaction_id, account, owner_id, currency, amount_minor)
      SELECT id, account, owner, 'KRW', minor FROM posted, (VALUES ('PROVIDER_CLEARING', NULL::uuid, ${sign * PLEDGED_MINOR}),
        ('SELLER_PAYABLE', gen_random_uuid(), ${-sign * PLEDGED_MINOR})) AS entry(account, owner, minor)`;
  const expected: Record<string, string[]> = {};

  // The ledger has lost a charge.
  await tamper(`DELETE FROM ledger_entry WHERE transaction_id = ${inLedger(`charge:${paymentOf(0)}`)}`);
  await tamper(`DELETE FROM ledger_transaction WHERE business_key = 'charge:${paymentOf(0)}'`);
  expected[ids[0]!] = ['CHARGE_MISSING_IN_LEDGER', 'PAYMENT_STATE_DIFFERS', 'PLEDGE_WITHOUT_MONEY'];
  // The ledger has another amount.
  await tamper(`${shift(1, 'PROVIDER_CLEARING', 1)}; ${shift(1, 'SELLER_PAYABLE', -1)}`);
  expected[ids[1]!] = ['CHARGE_AMOUNT_DIFFERS', 'PLEDGE_AMOUNT_DIFFERS'];
  // The ledger has another fee.
  await tamper(`${shift(2, 'PROVIDER_FEE', 1)}; ${shift(2, 'SELLER_PAYABLE', -1)}`);
  expected[ids[2]!] = ['FEE_DIFFERS'];
  // The provider has charged once more.
  const charge = { billingKey: billingKey.billingKey, amountMinor: PLEDGED_MINOR, currency: 'KRW', orderId: ids[3] };
  await atProvider('/v1/charges', charge, `${paymentOf(3)}:2`);
  expected[ids[3]!] = ['CHARGED_TWICE'];
  // The provider's staff have given money back, and nobody told us.
  await atProvider(`/v1/charges/${await chargeOf(4)}/refunds`, {});
  expected[ids[4]!] = ['RETURN_MISSING_IN_LEDGER'];
  // The ledger has given money back that the provider still has.
  await tamper(post(paymentOf(5), 'REFUND', -1));
  await tamper(`UPDATE payment SET state = 'CANCELED' WHERE id = '${paymentOf(5)}'`);
  await pledges.query("UPDATE pledge SET state = 'REFUNDED' WHERE id = $1", [ids[5]]);
  expected[ids[5]!] = ['RETURN_MISSING_AT_PROVIDER'];
  // A payment says that it failed.
  await tamper(`UPDATE payment SET state = 'FAILED' WHERE id = '${paymentOf(6)}'`);
  expected[ids[6]!] = ['PAYMENT_STATE_DIFFERS'];
  // A pledge was dropped although it was paid.
  await pledges.query("UPDATE pledge SET state = 'DROPPED' WHERE id = $1", [ids[7]]);
  expected[ids[7]!] = ['PLEDGE_NOT_PAID'];
  // A pledge is worth more than was paid.
  await pledges.query('UPDATE pledge SET total_minor = total_minor + 1 WHERE id = $1', [ids[8]]);
  expected[ids[8]!] = ['PLEDGE_AMOUNT_DIFFERS'];
  // A pledge that nobody ever charged says that it is paid.
  const never = randomUUID();
  await pledges.query(
    `INSERT INTO pledge (id, project_id, backer_id, state, currency, extra_minor, total_minor, billing_method_id, charge_attempts, create_time)
       SELECT $1, project_id, backer_id, 'PAID', 'KRW', 0, 500, billing_method_id, 1, now() FROM pledge WHERE id = $2`,
    [never, ids[9]],
  );
  expected[never] = ['PLEDGE_WITHOUT_MONEY'];
  // The ledger has a charge that the provider never made, for a pledge that funding does not know.
  const [invented, unknown] = [randomUUID(), randomUUID()];
  await tamper(
    `INSERT INTO payment (id, pledge_id, project_id, seller_id, payer_id, currency, amount_minor, state, create_time)
       VALUES ('${invented}', '${unknown}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'KRW', ${PLEDGED_MINOR}, 'COMPLETED', now())`,
  );
  await tamper(post(invented, 'CHARGE', 1));
  expected[unknown] = ['CHARGE_MISSING_AT_PROVIDER', 'PLEDGE_NOT_PAID'];
  // The provider has a charge that is none of ours.
  const { id: foreign } = await atProvider<{ id: string }>('/v1/charges', { ...charge, orderId: 'foreign' });
  expected[foreign] = ['CHARGE_UNKNOWN'];

  // An order was paid, and purchase does not know.
  const unpaid = await paidOrder();
  purchase.held.delete(unpaid.orderId);
  expected[unpaid.orderId] = ['ORDER_NOT_PAID'];
  // An order is worth more than was paid, and one has got back what its buyer has not.
  for (const difference of [1, -1]) {
    const { orderId } = await paidOrder();
    purchase.held.set(orderId, ORDERED_MINOR + difference);
    expected[orderId] = ['ORDER_AMOUNT_DIFFERS'];
  }
  // An order that nobody ever paid says that it is paid, and one says so still that was given back.
  const imagined = randomUUID();
  purchase.held.set(imagined, 500);
  expected[imagined] = ['ORDER_WITHOUT_MONEY'];
  const returned = await paidOrder();
  await refundOrder(returned, ORDERED_MINOR);
  purchase.held.set(returned.orderId, ORDERED_MINOR);
  expected[returned.orderId] = ['ORDER_WITHOUT_MONEY'];
  // An order that points cover says that it was given back.
  const covered = await paidOrder({ pointsMinor: 20_000n });
  await tamper(`UPDATE payment SET state = 'REFUNDED' WHERE id = '${covered.paymentId}'`);
  expected[covered.orderId] = ['PAYMENT_STATE_DIFFERS'];

  const kinds = await found();
  assert.equal(kinds, expected);
  assert.equal([...new Set(Object.values(kinds).flat())].sort(), KINDS.map(([name]) => name).sort(), 'every kind was planted');
});

test('one runs at a time, and its differences are shown when it is done', async () => {
  const [first, second] = await Promise.all([1, 2].map(() => reconciliations.runReconciliation({ requestId: randomUUID() }, admin)));
  assert.is(first!.reconciliation!.id, second!.reconciliation!.id);
  const early = await reconciliations
    .listDiscrepancies({ reconciliationId: first!.reconciliation!.id, kind: 0, pageSize: 0, pageToken: '' }, admin)
    .catch((error) => error.details ?? error.message);
  assert.match(String(early), /RECONCILIATION_RUNNING/);
  const { reconciliations: newest } = await reconciliations.listReconciliations({ pageSize: 1, pageToken: '' }, admin);
  assert.is(newest[0]!.id, first!.reconciliation!.id);
});

/** Changes what no service may: with the triggers that guard the ledger switched off. */
async function tamper(sql: string): Promise<void> {
  const client = await books.connect();
  try {
    await client.query(`BEGIN; SET LOCAL session_replication_role = replica; ${sql}; COMMIT`);
  } finally {
    client.release();
  }
}

test.after(async () => {
  await Promise.all([funding.stop(), payment.stop(), purchase.stop()]);
  await Promise.all([provider.stop(), pledges.end(), books.end()]);
  await bed.close();
  rmSync(folder, { recursive: true, force: true });
});
test.run();
