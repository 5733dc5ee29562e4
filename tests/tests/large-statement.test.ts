// Settlements of very many payments, and their statements: added up by one statement, and read in pieces that fit into memory.
import { randomBytes, randomUUID } from 'node:crypto';
import { Settlement_Kind } from '@moa/contracts/payment/v1/settlement';
import { SettlementServiceDefinition } from '@moa/contracts/payment/v1/settlement_service';
import { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import {
  DownloadSettlementStatementRequest_Format as Format,
  StatementServiceDefinition,
} from '@moa/contracts/seller/v1/statement_service';
import { readConfig } from '@moa/kit';
import { startPayment } from '@moa/payment';
import { variables as paymentVariables } from '@moa/payment/config';
import { startSeller } from '@moa/seller';
import { variables as sellerVariables } from '@moa/seller/config';
import { openTestbed } from '@moa/testkit';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const PLEDGES = 100_000;
const ORDERS = 20_000;
const BATCH = 10_000;
const MOST_BYTES_A_PIECE = 1_048_576;
const LINES_A_PIECE = 1_000;
const DAY_MS = 86_400_000;
const NOBODY = '127.0.0.1:9';

const bed = await openTestbed('large-statement');
const payment = await startPayment(
  readConfig(paymentVariables, {
    ...(await bed.environment('payment')),
    // Nothing is charged or paid out here.
    PROVIDER_URL: `http://${NOBODY}`,
    PROVIDER_API_KEY: 'none',
    WEBHOOK_SECRET: 'none',
    BANK_URL: `http://${NOBODY}`,
    BANK_API_KEY: 'none',
    FUNDING_ADDRESS: NOBODY,
    PURCHASE_ADDRESS: NOBODY,
    SELLER_ADDRESS: NOBODY,
  }),
);
const seller = await startSeller(
  readConfig(sellerVariables, {
    ...(await bed.environment('seller')),
    BANK_ACCOUNT_KEY: randomBytes(32).toString('base64'),
    PAYMENT_ADDRESS: payment.address,
  }),
);
const database = new pg.Pool({ connectionString: await bed.databaseUrl('payment'), max: 1 });
const settlements = bed.connect(SettlementServiceDefinition, payment.address);
const statements = bed.connect(StatementServiceDefinition, seller.address);
const asAdmin = await bed.as(randomUUID(), 'ADMIN');
const sellerId = randomUUID();
const projectId = randomUUID();
await bed.connect(SellerServiceDefinition, seller.address).registerSeller(
  {
    requestId: randomUUID(),
    companyName: '모아공방',
    businessNumber: '1234567891',
    representativeName: '김모아',
    settlementAccount: { bankCode: '088', accountNumber: '110123456789', holderName: '모아공방' },
  },
  await bed.as(sellerId),
);

/** Pledges and orders of 10,000 won each that were paid a month ago. */
async function fill(pledges: number, orders: number): Promise<void> {
  const time = new Date(bed.now().getTime() - 30 * DAY_MS);
  for (let done = 0; done < pledges + orders; done += BATCH) {
    await database.query(
      `WITH made AS MATERIALIZED (SELECT gen_random_uuid() AS id, $5::boolean AS is_order FROM generate_series(1, $1::int)), paid AS (
         INSERT INTO payment (id, order_id, pledge_id, project_id, seller_id, payer_id, currency, amount_minor, state, create_time)
         SELECT id, CASE WHEN is_order THEN gen_random_uuid() END, CASE WHEN NOT is_order THEN gen_random_uuid() END,
           CASE WHEN NOT is_order THEN $2::uuid END, CASE WHEN NOT is_order THEN $3::uuid END, gen_random_uuid(), 'KRW', 10000,
           CASE WHEN is_order THEN 'APPROVED' ELSE 'COMPLETED' END, $4 FROM made
       ), shares AS (
         INSERT INTO payment_share (payment_id, seller_id, paid_minor, platform_coupon_minor, seller_coupon_minor, points_minor, platform_fee_minor, provider_fee_minor)
         SELECT id, $3, 10000, 0, 0, 0, 500, 240 FROM made WHERE is_order
       ), booked AS (
         INSERT INTO ledger_transaction (business_key, kind, payment_id, create_time)
         SELECT CASE WHEN is_order THEN 'instant:' ELSE 'charge:' END || id, 'CHARGE', id, $4 FROM made RETURNING id
       )
       INSERT INTO ledger_entry (transaction_id, account, owner_id, currency, amount_minor)
       SELECT booked.id, e.account, e.owner_id, 'KRW', e.amount_minor FROM booked,
         (VALUES ('PROVIDER_CLEARING', NULL, 10000), ('PLATFORM_FEE', NULL, -500), ('PROVIDER_FEE', NULL, -240), ('SELLER_PAYABLE', $3::uuid, -9260))
           AS e(account, owner_id, amount_minor)`,
      [BATCH, projectId, sellerId, time, done >= pledges],
    );
  }
  // As it is done by itself after a while.
  await database.query('ANALYZE');
}

/** What a file is, without keeping it. */
async function measure(settlementId: string, format: Format) {
  const as = await bed.as(sellerId, 'USER', 'SELLER');
  const begun = performance.now();
  const before = process.memoryUsage().rss;
  let [pieces, bytes, lineEnds, largest, most] = [0, 0, 0, 0, before];
  let last = Buffer.alloc(0);
  for await (const { data } of statements.downloadSettlementStatement({ settlementId, format }, as)) {
    pieces++;
    bytes += data.length;
    largest = Math.max(largest, data.length);
    most = Math.max(most, process.memoryUsage().rss);
    for (const byte of data) if (byte === 0x0a) lineEnds++;
    if (data.length > 0) last = Buffer.from(data.subarray(-20));
  }
  const grownMb = (most - before) / 1e6;
  console.log(
    `\n» ${format === Format.FORMAT_CSV ? 'CSV' : 'page'}, ${(bytes / 1e6).toFixed(1)} MB, largest piece ${(largest / 1024).toFixed(0)} KiB, memory +${grownMb.toFixed(0)} MB, ${((performance.now() - begun) / 1_000).toFixed(1)} s`,
  );
  assert.ok(largest < MOST_BYTES_A_PIECE);
  assert.ok(pieces >= lineEnds / LINES_A_PIECE - 1);
  return { lineEnds, end: last.toString('utf8') };
}

await fill(PLEDGES, ORDERS);

test(`a project of ${PLEDGES} pledges is settled within its time, and every pledge is in the files`, async () => {
  const begun = performance.now();
  const request = { requestId: randomUUID(), projectId, kind: Settlement_Kind.KIND_EARLY };
  const { settlement } = await settlements.createSettlement(request, asAdmin);
  console.log(`\n» ${PLEDGES} pledges settled in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  assert.is(settlement!.gross!.amountMinor, BigInt(PLEDGES) * 10_000n);
  assert.is(settlement!.net!.amountMinor + settlement!.heldAfter!.amountMinor, BigInt(PLEDGES) * 9_260n);
  assert.is((await measure(settlement!.id, Format.FORMAT_CSV)).lineEnds, PLEDGES + 1);
  const page = await measure(settlement!.id, Format.FORMAT_PAGE);
  assert.ok(page.lineEnds > PLEDGES);
  assert.ok(page.end.endsWith('</html>\n'));
});

test(`so is a period of ${ORDERS} orders`, async () => {
  const begun = performance.now();
  const periodEnd = new Date(bed.now().getTime() - 20 * DAY_MS);
  const request = { requestId: randomUUID(), sellerId, currencyCode: 'KRW', periodEnd };
  const { settlement } = await settlements.createPeriodSettlement(request, asAdmin);
  console.log(`\n» ${ORDERS} orders settled in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  assert.is(settlement!.net!.amountMinor, BigInt(ORDERS) * 9_260n);
  assert.is((await measure(settlement!.id, Format.FORMAT_CSV)).lineEnds, ORDERS + 1);
});

test.after(async () => {
  await database.end();
  await seller.stop();
  await payment.stop();
  await bed.close();
});
test.run();
