import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { PartnerClient_RateClass, PartnerClient_State } from '@moa/contracts/auth/v1/partner';
import { reasonOf, until, violationsOf } from '@moa/testkit';
import { decodeJwt } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, openAuth, refusal } from './support.js';

const house = await openAuth('partner-tokens');
const { accounts, asAdmin, auth, bed, database, partners, partnerTokens } = house;
const SECOND_MS = 1_000;

async function partner(scopes = ['ledger:read', 'sellers:read']) {
  const { client, clientSecret } = await partners.createPartnerClient(
    { requestId: randomUUID(), name: '정산 연동', scopes, rateClass: PartnerClient_RateClass.RATE_CLASS_LOW },
    await asAdmin(),
  );
  const clientId = client!.id;
  const issue = (...wanted: string[]) => partnerTokens.issueClientToken({ clientId, clientSecret, scopes: wanted });
  const read = async () => (await partners.getPartnerClient({ clientId }, await asAdmin())).client!;
  const suspend = async (requestId = randomUUID()) =>
    (await partners.suspendPartnerClient({ requestId, clientId, reason: '계약 종료' }, await asAdmin())).client!;
  const reinstate = async () =>
    (await partners.reinstatePartnerClient({ requestId: randomUUID(), clientId, reason: undefined }, await asAdmin())).client!;
  const update = async (updateMask: string[], scopes: string[], rateClass = PartnerClient_RateClass.RATE_CLASS_HIGH) =>
    partners.updatePartnerClient(
      { requestId: randomUUID(), clientId, etag: (await read()).etag, updateMask, client: { scopes, rateClass } },
      await asAdmin(),
    );
  return { clientId, clientSecret, issue, read, suspend, reinstate, update };
}

const claimsOf = (accessToken: string) => decodeJwt(accessToken) as { sid: string; sv: number; scope: string; rate: string };

// A public RPC refuses a token that does not hold, as every other does.
const isRefused = async ({ accessToken }: { accessToken: string }) => {
  const outcome = await auth.getJwks({}, bearer(accessToken)).catch((error) => error);
  return reasonOf(outcome) === 'TOKEN_REFUSED';
};

test('a client gets a token of ten minutes that says who, what it may do and how often', async () => {
  const { clientId, issue } = await partner();
  const { accessToken, accessExpireTime, scopes } = await issue();
  assert.equal(scopes, ['ledger:read', 'sellers:read']);
  const { iat, exp, sid, ...claims } = decodeJwt(accessToken);
  assert.ok(sid);
  assert.equal(claims, {
    iss: 'https://moa.test',
    aud: 'moa',
    sub: clientId,
    sv: 1,
    roles: ['PARTNER'],
    scope: 'ledger:read sellers:read',
    rate: 'low',
  });
  assert.equal([exp! - iat!, Math.floor(accessExpireTime!.getTime() / 1000)], [600, exp]);
});

test('a token holds the scopes that were asked for, and none that the client has not', async () => {
  const { issue } = await partner(['ledger:read', 'sellers:read']);
  assert.is(claimsOf((await issue('sellers:read')).accessToken).scope, 'sellers:read');
  const { issue: poorer } = await partner(['sellers:read']);
  const error = await refusal(poorer('sellers:read', 'ledger:read'));
  assert.equal([error.code, reasonOf(error)], [status.PERMISSION_DENIED, 'SCOPE_NOT_GRANTED']);
});

test('an unknown client and a wrong secret are refused alike, and nobody comes in with the secret of another', async () => {
  const [one, other] = [await partner(), await partner()];
  const { clientId, clientSecret } = one;
  const tries = [
    { clientId: randomUUID(), clientSecret },
    { clientId, clientSecret: other.clientSecret },
    { clientId, clientSecret: clientSecret.slice(0, -1) },
    { clientId, clientSecret: clientSecret.toUpperCase() },
    { clientId, clientSecret: 'x' },
  ];
  for (const attempt of tries) {
    const error = await refusal(partnerTokens.issueClientToken({ ...attempt, scopes: [] }));
    assert.equal([error.code, error.details, reasonOf(error)], [status.UNAUTHENTICATED, 'PARTNER_REFUSED', 'PARTNER_REFUSED']);
  }
  await one.issue();
});

test('each field at fault is told', async () => {
  const error = await refusal(partnerTokens.issueClientToken({ clientId: 'x', clientSecret: '', scopes: [''] }));
  assert.equal(
    violationsOf(error).map(({ field }) => field),
    ['client_id', 'client_secret', 'scopes[0]'],
  );
});

test('a suspended client gets no token, and those that it has are refused within seconds', async () => {
  const { clientId, clientSecret, issue, suspend } = await partner();
  const token = await issue();
  assert.not(await isRefused(token));
  assert.is((await suspend()).state, PartnerClient_State.STATE_SUSPENDED);
  const error = await refusal(issue());
  assert.equal([error.code, reasonOf(error)], [status.PERMISSION_DENIED, 'PARTNER_SUSPENDED']);
  // It is told to the right secret only.
  const wrong = partnerTokens.issueClientToken({ clientId, clientSecret: `${clientSecret}x`, scopes: [] });
  assert.is(reasonOf(await refusal(wrong)), 'PARTNER_REFUSED');
  await until(() => isRefused(token));
  // As every other service hears of it.
  const { sessions } = await accounts.listRevokedSessions({
    sinceTime: new Date(bed.now().getTime() - 60 * SECOND_MS),
    pageSize: 100,
    pageToken: '',
  });
  const { sid, sv } = claimsOf(token.accessToken);
  assert.ok(sessions.some(({ sessionId, version }) => sessionId === sid && version > sv));
});

test('a reinstated client gets tokens of another session, and those from before stay refused', async () => {
  const { issue, suspend, reinstate } = await partner();
  const before = await issue();
  await suspend();
  assert.is((await reinstate()).state, PartnerClient_State.STATE_ACTIVE);
  const after = await issue();
  assert.is.not(claimsOf(after.accessToken).sid, claimsOf(before.accessToken).sid);
  await until(() => isRefused(before));
  assert.not(await isRefused(after));
});

test('what a client is already is no change, and a repeated request gives the first answer', async () => {
  const { read, suspend, reinstate } = await partner();
  const requestId = randomUUID();
  const first = await suspend(requestId);
  assert.is((await suspend()).etag, first.etag);
  const { etag } = await reinstate();
  assert.is((await reinstate()).etag, etag);
  assert.equal(await suspend(requestId), first);
  assert.is((await read()).state, PartnerClient_State.STATE_ACTIVE);
});

test('tokens that were being made while the client was suspended do not hold either', async () => {
  const { issue, suspend } = await partner();
  const issuing = Array.from({ length: 20 }, () => issue());
  const [outcomes] = await Promise.all([Promise.allSettled(issuing), suspend()]);
  const tokens = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const token of tokens) await until(() => isRefused(token));
});

test('a scope that is taken away makes tokens stale, and so does another rate; one that is given does not', async () => {
  const { issue, update } = await partner(['ledger:read']);
  const before = await issue();
  await update(['scopes'], ['ledger:read', 'sellers:read']);
  const more = await issue();
  assert.equal([claimsOf(before.accessToken).sv, claimsOf(more.accessToken).sv], [1, 1]);
  await update(['scopes'], ['sellers:read']);
  await until(() => isRefused(before));
  await until(() => isRefused(more));
  const less = await issue();
  assert.is(claimsOf(less.accessToken).scope, 'sellers:read');
  await update(['rate_class'], []);
  await until(() => isRefused(less));
  assert.is(claimsOf((await issue()).accessToken).rate, 'high');
});

test('the last use is written down, at most once a minute', async () => {
  const { clientId, issue, read } = await partner();
  const { etag } = await read();
  await Promise.all(Array.from({ length: 20 }, () => issue()));
  const rowOf = async () => (await database.query('SELECT xmin, last_use_time FROM partner_client WHERE id = $1', [clientId])).rows[0];
  const first = await rowOf();
  bed.shiftClock(50 * SECOND_MS);
  await issue();
  assert.equal(await rowOf(), first);
  bed.shiftClock(11 * SECOND_MS);
  await issue();
  const { lastUseTime, etag: later } = await read();
  assert.ok(lastUseTime!.getTime() - first.last_use_time.getTime() >= 60 * SECOND_MS);
  assert.is(later, etag, 'a use is no change');
});

test('a partner is nobody in particular: what is for people is closed to it', async () => {
  const { issue } = await partner();
  const as = bearer((await issue()).accessToken);
  const calls: Promise<unknown>[] = [auth.getMyAccount({}, as), auth.signOut({ sessionId: '' }, as)];
  for (const error of await Promise.all(calls.map(refusal))) assert.is(reasonOf(error), 'CALLER_NOT_ALLOWED');
});

test.after(house.close);
test.run();
