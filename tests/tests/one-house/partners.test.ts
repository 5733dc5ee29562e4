// A partner's program at the door of a real house: what it may do, and for how long.
import { connectMoa, type Moa, MoaError, type PartnerCredentials } from '@moa/client/node';
import { PartnerClient_RateClass } from '@moa/contracts/auth/v1/partner';
import { LedgerAccount } from '@moa/contracts/payment/v1/payment';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { theHouse } from '../house.js';

const house = await theHouse();
const admin = await house.admin();
await house.seller();
const clients: Moa[] = [];

const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

async function partnerWith(...scopes: string[]) {
  const { client, clientSecret } = await admin.partnerAdmin.createPartnerClient({
    name: '정산 연동',
    scopes,
    rateClass: PartnerClient_RateClass.RATE_CLASS_HIGH,
  });
  return { clientId: client!.id, etag: client!.etag, clientSecret };
}

function connect({ clientId, clientSecret, scopes }: PartnerCredentials): Moa {
  const moa = connectMoa(house.stack.publicUrl, { partner: { clientId, clientSecret, ...(scopes && { scopes }) } });
  clients.push(moa);
  return moa;
}

const readBalance = (moa: Moa) => moa.ledger.getBalance({ account: LedgerAccount.LEDGER_ACCOUNT_SELLER_PAYABLE, currencyCode: 'KRW' });

/** What auth's metrics say of all that were given out so far. */
async function tokensIssued(): Promise<number> {
  const page = await (await fetch(`http://${house.stack.addresses['auth']!.metrics}/metrics`)).text();
  const count = page.match(/^moa_rpc_seconds_count\{.*IssueClientToken.*code="OK".*\} (\d+)$/m);
  return Number(count?.[1] ?? 0);
}

async function codeOf(call: Promise<unknown>): Promise<number | undefined> {
  const error = await call.catch((thrown) => thrown);
  return error instanceof MoaError ? error.code : undefined;
}

test('a partner does what its scopes say, through the door, and nothing else', async () => {
  const moa = connect(await partnerWith('ledger:read', 'sellers:read'));
  assert.is((await readBalance(moa)).currencyCode, 'KRW');
  const { sellers } = await moa.sellers.listSellers({});
  assert.ok(sellers.length > 0);
  assert.ok(sellers.every(({ settlementAccount }) => settlementAccount === undefined));
  const closed: Promise<unknown>[] = [moa.users.getMyPage({}), moa.pledges.listMyPledges({}), moa.accountAdmin.listAuditEntries({})];
  for (const code of await Promise.all(closed.map(codeOf))) assert.is(code, PERMISSION_DENIED);
});

test('a program that asks for less than it has may do less', async () => {
  const credentials = await partnerWith('ledger:read', 'sellers:read');
  const moa = connect({ ...credentials, scopes: ['sellers:read'] });
  await moa.sellers.listSellers({});
  assert.is(await codeOf(readBalance(moa)), PERMISSION_DENIED);
});

test('a wrong secret is told as what it is', async () => {
  const { clientId } = await partnerWith('ledger:read');
  const error: MoaError = await readBalance(connect({ clientId, clientSecret: 'moa_x' })).catch((thrown) => thrown);
  assert.equal([error.code, error.reason], [UNAUTHENTICATED, 'PARTNER_REFUSED']);
});

test('nobody signs in with the credentials of a partner', async () => {
  const moa = connect(await partnerWith());
  const error = await moa.signIn('me@moa.example', 'correct horse').catch((thrown) => thrown);
  assert.match(String(error), 'nobody signs in');
});

test('a partner that is suspended is out within seconds, and in again when it is reinstated', async () => {
  const credentials = await partnerWith('ledger:read');
  const { clientId } = credentials;
  const moa = connect(credentials);
  await readBalance(moa);
  // One that does not renew, as a thief of the token would not.
  const { accessToken } = await moa.partnerTokens.issueClientToken({ clientId, clientSecret: credentials.clientSecret });
  const thief = house.visitor();
  thief.useTokens({ accessToken, accessExpireTime: new Date(Date.now() + 3_600_000), refreshToken: 'none', refreshExpireTime: undefined });
  await readBalance(thief);

  await admin.partnerAdmin.suspendPartnerClient({ clientId, reason: '유출 의심' });
  await until(async () => (await codeOf(readBalance(thief))) === UNAUTHENTICATED);
  const error: MoaError = await readBalance(moa).catch((thrown) => thrown);
  assert.equal([error.code, error.reason], [PERMISSION_DENIED, 'PARTNER_SUSPENDED']);

  await admin.partnerAdmin.reinstatePartnerClient({ clientId });
  await readBalance(moa);
  assert.is(await codeOf(readBalance(thief)), UNAUTHENTICATED);
});

test('a partner changes over to a new secret without a gap', async () => {
  const credentials = await partnerWith('ledger:read');
  const { clientSecret } = await admin.partnerAdmin.rotatePartnerSecret({ clientId: credentials.clientId, overlapHours: 1 });
  await Promise.all([readBalance(connect(credentials)), readBalance(connect({ ...credentials, clientSecret }))]);
});

// The last: it moves the clock, and the admin's sign-in is fresh for 15 minutes.
test('many calls that need a token wait for one; when it is no longer good it is renewed in passing', async () => {
  const moa = connect(await partnerWith('ledger:read'));
  const readMany = () => Promise.all(Array.from({ length: 20 }, () => readBalance(moa)));
  const before = await tokensIssued();
  await readMany();
  assert.is((await tokensIssued()) - before, 1);
  house.stack.shiftClock(11 * 60_000);
  await readMany();
  assert.is((await tokensIssued()) - before, 2);
});

test.after(() => {
  for (const client of clients) client.close();
});
test.run();
