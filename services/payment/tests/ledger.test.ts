import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { LedgerAccount } from '@moa/contracts/payment/v1/payment';
import { reasonOf } from '@moa/testkit';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backerWith, batch, chargeOf, errorOf, openStand, settled } from './support.js';

const stand = await openStand('ledger');
const clients = stand.clients((await stand.start()).address);
const { DATABASE_URL } = await stand.environment();
const { LEDGER_ACCOUNT_PROVIDER_CLEARING, LEDGER_ACCOUNT_SELLER_PAYABLE, LEDGER_ACCOUNT_PLATFORM_FEE, LEDGER_ACCOUNT_PROVIDER_FEE } =
  LedgerAccount;
const sellerId = randomUUID();

const backer = await backerWith(stand, clients);
for (const [seller, amountMinor] of [
  [sellerId, 10_000n],
  [sellerId, 20_000n],
  [randomUUID(), 70_000n],
] as const) {
  const charge = chargeOf(backer, { sellerId: seller, amount: { currencyCode: 'KRW', amountMinor } });
  await clients.funding.chargePledges(batch(charge));
  await settled(clients, backer, charge.pledgeId);
}

type Query = (text: string) => Promise<unknown>;

async function connected(connectionString: string, work: (query: Query) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work((text) => client.query(text));
  } finally {
    await client.end();
  }
}

const asService = (work: (query: Query) => Promise<void>) => connected(DATABASE_URL!, work);

// As the service's own role, and as the owner of the tables.
async function asBoth(work: (query: Query) => Promise<void>): Promise<void> {
  await asService(work);
  await connected(await stand.bed.databaseUrl('payment'), work);
}

const post = (...amounts: string[]) => `
  WITH posted AS (INSERT INTO ledger_transaction (business_key, kind, create_time) VALUES ('${randomUUID()}', 'CHARGE', now()) RETURNING id)
  INSERT INTO ledger_entry (transaction_id, account, currency, amount_minor) SELECT id, 'PLATFORM_FEE', currency, amount::bigint FROM posted, (VALUES ${amounts.join(', ')}) AS e(currency, amount)`;

test('the database refuses a transaction that does not sum to zero in each currency', () =>
  asBoth(async (query) => {
    assert.match(String(await errorOf(query(post(`('KRW', 100)`, `('KRW', -99)`)))), 'does not sum to zero');
    assert.match(String(await errorOf(query(post(`('KRW', 100)`, `('USD', -100)`)))), 'does not sum to zero');
    await query('BEGIN');
    await query(post(`('KRW', 100)`, `('KRW', -100)`, `('USD', 7)`, `('USD', -7)`));
    await query('ROLLBACK');
  }));

test('the database refuses a transaction without entries, and an entry of nothing', () =>
  asBoth(async (query) => {
    assert.match(
      String(await errorOf(query(`INSERT INTO ledger_transaction (business_key, kind, create_time) VALUES ('x', 'CHARGE', now())`))),
      'has no entries',
    );
    assert.match(String(await errorOf(query(post(`('KRW', 0)`)))), 'amount_minor');
  }));

test('what stands in the ledger is not changed and not removed, by anybody', () =>
  asBoth(async (query) => {
    for (const change of [
      'UPDATE ledger_entry SET amount_minor = amount_minor * 2',
      'DELETE FROM ledger_entry',
      'TRUNCATE ledger_entry',
      `UPDATE ledger_transaction SET kind = 'REFUND'`,
      'DELETE FROM ledger_transaction',
      'TRUNCATE ledger_transaction CASCADE',
    ]) {
      assert.match(String(await errorOf(query(change))), /append only|permission denied/, change);
    }
  }));

test("the service's role cannot switch the guards off", () =>
  asService(async (query) => {
    for (const trick of [
      'ALTER TABLE ledger_entry DISABLE TRIGGER append_only',
      'DROP TRIGGER sums_to_zero ON ledger_entry',
      `SET session_replication_role = 'replica'`,
    ]) {
      assert.match(String(await errorOf(query(trick))), /must be owner|permission denied/, trick);
    }
  }));

test('what a charge is posted for is posted once, for ever', () =>
  asBoth(async (query) => {
    const [{ business_key: key }] = (await stand.rows('SELECT business_key FROM ledger_transaction LIMIT 1')) as [{ business_key: string }];
    const error = await errorOf(
      query(`INSERT INTO ledger_transaction (business_key, kind, create_time) VALUES ('${key}', 'CHARGE', now())`),
    );
    assert.match(String(error), 'ledger_transaction_business_key_key');
  }));

test('a balance is the sum of its entries, of one owner or of all', async () => {
  const admin = await stand.bed.as(randomUUID(), 'ADMIN');
  const balance = async (account: LedgerAccount, ownerId = '', currencyCode = 'KRW') => {
    const { balanceMinor, entryCount } = await clients.ledger.getBalance({ account, ownerId, currencyCode }, admin);
    return [balanceMinor, entryCount];
  };
  assert.equal(await balance(LEDGER_ACCOUNT_PROVIDER_CLEARING), [100_000n, 3n]);
  assert.equal(await balance(LEDGER_ACCOUNT_PLATFORM_FEE), [-5_000n, 3n]);
  assert.equal(await balance(LEDGER_ACCOUNT_PROVIDER_FEE), [-2_400n, 3n]);
  assert.equal(await balance(LEDGER_ACCOUNT_SELLER_PAYABLE), [-92_600n, 3n]);
  assert.equal(await balance(LEDGER_ACCOUNT_SELLER_PAYABLE, sellerId), [-27_780n, 2n]);
  assert.equal(await balance(LEDGER_ACCOUNT_SELLER_PAYABLE, randomUUID()), [0n, 0n]);
  assert.equal(await balance(LEDGER_ACCOUNT_PROVIDER_CLEARING, '', 'USD'), [0n, 0n]);
});

test('a partner reads balances with the scope, and not without', async () => {
  const request = { account: LEDGER_ACCOUNT_SELLER_PAYABLE, ownerId: sellerId, currencyCode: 'KRW' };
  const asPartner = async (scope: string) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await stand.bed.token(randomUUID(), { roles: ['PARTNER'], scope })}`);
    return metadata;
  };
  assert.is((await clients.ledger.getBalance(request, await asPartner('sellers:read ledger:read'))).balanceMinor, -27_780n);
  for (const scope of ['', 'sellers:read', 'ledger:readers']) {
    assert.is(reasonOf(await errorOf(clients.ledger.getBalance(request, await asPartner(scope)))), 'CALLER_NOT_ALLOWED', scope);
  }
});

test('balances are for admins and partners only', async () => {
  const request = { account: LEDGER_ACCOUNT_SELLER_PAYABLE, ownerId: sellerId, currencyCode: 'KRW' };
  assert.is(((await errorOf(clients.ledger.getBalance(request))) as { code: number }).code, status.UNAUTHENTICATED);
  assert.is(
    reasonOf(await errorOf(clients.ledger.getBalance(request, await stand.bed.as(sellerId, 'SELLER', 'USER')))),
    'CALLER_NOT_ALLOWED',
  );
  const admin = await stand.bed.as(randomUUID(), 'ADMIN');
  assert.is(reasonOf(await errorOf(clients.ledger.getBalance({ ...request, ownerId: "' OR 1=1" }, admin))), 'REQUEST_INVALID');
});

test.after(stand.close);
test.run();
