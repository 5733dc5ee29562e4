import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { PartnerClient_RateClass, PartnerClient_State } from '@moa/contracts/auth/v1/partner';
import type { CreatePartnerClientRequest, PartnerClientChange } from '@moa/contracts/auth/v1/partner_service';
import { Role } from '@moa/contracts/options/v1/options';
import { makePageToken } from '@moa/kit';
import { reasonOf, until, violationsOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bearer, openAuth, refusal } from './support.js';

const house = await openAuth('partners');
const { asAdmin, auth, bed, database, partners, partnerTokens, signIn, signUp, staff } = house;
const { RATE_CLASS_HIGH, RATE_CLASS_LOW, RATE_CLASS_STANDARD, RATE_CLASS_UNSPECIFIED } = PartnerClient_RateClass;
const HOUR_MS = 3_600_000;

const request = (changes: Partial<CreatePartnerClientRequest> = {}): CreatePartnerClientRequest => ({
  requestId: randomUUID(),
  name: '한빛회계법인',
  scopes: ['sellers:read', 'ledger:read', 'ledger:read'],
  rateClass: RATE_CLASS_STANDARD,
  ...changes,
});

async function partner(changes: Partial<CreatePartnerClientRequest> = {}) {
  const { client, clientSecret } = await partners.createPartnerClient(request(changes), await asAdmin());
  return { client: client!, clientId: client!.id, clientSecret };
}

const tokenFor = (clientId: string, clientSecret: string) => partnerTokens.issueClientToken({ clientId, clientSecret, scopes: [] });
const rotate = async (clientId: string, overlapHours: number, requestId = randomUUID()) =>
  partners.rotatePartnerSecret({ requestId, clientId, overlapHours }, await asAdmin());
const update = async (clientId: string, etag: string, updateMask: string[], changes: Partial<PartnerClientChange> = {}) =>
  partners.updatePartnerClient(
    { requestId: randomUUID(), clientId, etag, updateMask, client: { scopes: [], rateClass: RATE_CLASS_UNSPECIFIED, ...changes } },
    await asAdmin(),
  );
const isRefused = async (accessToken: string) => {
  const error = await auth.getJwks({}, bearer(accessToken)).then(
    () => undefined,
    (thrown) => thrown,
  );
  return reasonOf(error) === 'TOKEN_REFUSED';
};

test('a client is made with its secret, each scope once and in order', async () => {
  const { client, clientSecret } = await partner();
  assert.match(clientSecret, /^moa_[A-Za-z0-9_-]{43}$/);
  assert.equal(
    { name: client.name, scopes: client.scopes, rateClass: client.rateClass, state: client.state },
    {
      name: '한빛회계법인',
      scopes: ['ledger:read', 'sellers:read'],
      rateClass: RATE_CLASS_STANDARD,
      state: PartnerClient_State.STATE_ACTIVE,
    },
  );
  assert.equal([client.lastUseTime, client.oldSecretExpireTime], [undefined, undefined]);
  assert.equal((await partners.getPartnerClient({ clientId: client.id }, await asAdmin())).client, client);
  await tokenFor(client.id, clientSecret);
});

test('the same request shows the same secret again, and makes no second client', async () => {
  const wanted = request();
  const first = await partners.createPartnerClient(wanted, await asAdmin());
  assert.equal(await partners.createPartnerClient(wanted, await asAdmin()), first);
  const another = partners.createPartnerClient({ ...wanted, name: 'another' }, await asAdmin());
  assert.is(reasonOf(await refusal(another)), 'REQUEST_ID_REUSED');
  const { rowCount } = await database.query('SELECT FROM partner_client WHERE id = $1', [first.client!.id]);
  assert.is(rowCount, 1);
});

test('50 of the same request at once make one client', async () => {
  const wanted = request();
  const as = await asAdmin();
  const answers = await Promise.all(Array.from({ length: 50 }, () => partners.createPartnerClient(wanted, as)));
  assert.is(new Set(answers.map(({ client, clientSecret }) => `${client!.id} ${clientSecret}`)).size, 1);
});

test('no secret lies in the database, in whatever form it could be read in', async () => {
  const { clientId, clientSecret } = await partner();
  const { clientSecret: next } = await rotate(clientId, 1);
  const { rows } = await database.query<{ row: string; answer: string | null }>(
    `SELECT to_jsonb(p)::text AS row, NULL AS answer FROM partner_client p UNION ALL SELECT to_jsonb(a)::text, NULL FROM audit_entry a
     UNION ALL SELECT to_jsonb(r)::text, answer->>'bytes' FROM kit.request r UNION ALL SELECT to_jsonb(o)::text, NULL FROM kit.outbox o`,
  );
  assert.ok(rows.some(({ row }) => row.includes('RotatePartnerSecret')));
  for (const secret of [clientSecret, next]) {
    const random = Buffer.from(secret.slice('moa_'.length), 'base64url');
    for (const { row, answer } of rows) {
      assert.not(row.includes(secret) || row.includes(random.toString('hex')));
      assert.not(answer !== null && Buffer.from(answer, 'base64').includes(secret));
    }
  }
});

test('a scope that no RPC asks for is refused', async () => {
  const error = await refusal(partner({ scopes: ['ledger:read', 'ledger:write'] }));
  assert.equal([error.code, reasonOf(error)], [status.INVALID_ARGUMENT, 'SCOPE_UNKNOWN']);
  const { client } = await partner();
  assert.is(reasonOf(await refusal(update(client.id, client.etag, ['scopes'], { scopes: ['everything'] }))), 'SCOPE_UNKNOWN');
});

test('each field at fault is told', async () => {
  const wanted = {
    requestId: 'x',
    name: '',
    scopes: ['', ...Array.from({ length: 20 }, () => 'ledger:read')],
    rateClass: RATE_CLASS_UNSPECIFIED,
  };
  const error = await refusal(partners.createPartnerClient(wanted, await asAdmin()));
  const fields = new Set(violationsOf(error).map(({ field }) => field));
  assert.equal([...fields].sort(), ['name', 'rate_class', 'request_id', 'scopes', 'scopes[0]']);
  const rotation = await refusal(partners.rotatePartnerSecret({ requestId: 'x', clientId: 'y', overlapHours: 169 }, await asAdmin()));
  assert.equal(
    violationsOf(rotation).map(({ field }) => field),
    ['request_id', 'client_id', 'overlap_hours'],
  );
});

test('after a rotation both secrets work until the overlap ends, then the new one alone', async () => {
  const { clientId, clientSecret } = await partner();
  const rotation = await rotate(clientId, 24);
  const end = rotation.client!.oldSecretExpireTime!.getTime() - bed.now().getTime();
  assert.ok(Math.abs(end - 24 * HOUR_MS) < 60_000, `${end} ms`);
  for (const secret of [clientSecret, rotation.clientSecret]) await tokenFor(clientId, secret);
  bed.shiftClock(24 * HOUR_MS - 60_000);
  await tokenFor(clientId, clientSecret);
  bed.shiftClock(2 * 60_000);
  assert.is(reasonOf(await refusal(tokenFor(clientId, clientSecret))), 'PARTNER_REFUSED');
  await tokenFor(clientId, rotation.clientSecret);
});

test('without an overlap the old secret ends at once, and so does every token', async () => {
  const { clientId, clientSecret } = await partner();
  const { accessToken } = await tokenFor(clientId, clientSecret);
  const rotation = await rotate(clientId, 0);
  assert.is(rotation.client!.oldSecretExpireTime, undefined);
  assert.is(reasonOf(await refusal(tokenFor(clientId, clientSecret))), 'PARTNER_REFUSED');
  await until(() => isRefused(accessToken));
  assert.not(await isRefused((await tokenFor(clientId, rotation.clientSecret)).accessToken));
});

test('a second overlap waits for the first to end; a rotation without one ends it', async () => {
  const { clientId, clientSecret } = await partner();
  const { clientSecret: second } = await rotate(clientId, 1);
  const error = await refusal(rotate(clientId, 1));
  assert.equal([error.code, reasonOf(error)], [status.FAILED_PRECONDITION, 'SECRET_OVERLAP_RUNNING']);
  const { clientSecret: third } = await rotate(clientId, 0);
  for (const ended of [clientSecret, second]) assert.is(reasonOf(await refusal(tokenFor(clientId, ended))), 'PARTNER_REFUSED');
  await tokenFor(clientId, third);
  await rotate(clientId, 1);
  bed.shiftClock(HOUR_MS + 1_000);
  await rotate(clientId, 1);
});

test('of two rotations at once one counts, and the secret that the partner uses goes on working', async () => {
  const { clientId, clientSecret } = await partner();
  const outcomes = await Promise.allSettled([rotate(clientId, 1), rotate(clientId, 1)]);
  const [done] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const [refused] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  assert.is(reasonOf(refused), 'SECRET_OVERLAP_RUNNING');
  for (const secret of [clientSecret, done!.clientSecret]) await tokenFor(clientId, secret);
});

test('the same rotation again shows the same secret, and changes nothing more', async () => {
  const { clientId } = await partner();
  const requestId = randomUUID();
  const first = await rotate(clientId, 1, requestId);
  assert.equal(await rotate(clientId, 1, requestId), first);
  assert.is(reasonOf(await refusal(rotate(clientId, 2, requestId))), 'REQUEST_ID_REUSED');
});

test('an update changes what its mask names', async () => {
  const { client } = await partner();
  const faster = (await update(client.id, client.etag, ['rate_class'], { rateClass: RATE_CLASS_HIGH })).client!;
  assert.equal([faster.rateClass, faster.scopes], [RATE_CLASS_HIGH, client.scopes]);
  const less = (await update(client.id, faster.etag, ['scopes'], { scopes: ['sellers:read'], rateClass: RATE_CLASS_LOW })).client!;
  assert.equal([less.rateClass, less.scopes], [RATE_CLASS_HIGH, ['sellers:read']]);
});

test('an update of a client that has changed since it was read is refused, and so is a mask that names no field or another', async () => {
  const { client } = await partner();
  await update(client.id, client.etag, ['scopes'], { scopes: ['sellers:read'] });
  const stale = await refusal(update(client.id, client.etag, ['scopes']));
  assert.equal([stale.code, reasonOf(stale)], [status.ABORTED, 'ETAG_STALE']);
  for (const mask of [[], ['name'], ['scopes', 'state'], ['rate_class']]) {
    assert.is(reasonOf(await refusal(update(client.id, client.etag, mask))), 'UPDATE_MASK_WRONG', mask.join());
  }
});

test('of ten updates at once of what they all read, one counts', async () => {
  const { client } = await partner();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, n) =>
      update(client.id, client.etag, ['scopes'], { scopes: n % 2 ? ['ledger:read'] : ['sellers:read'] }),
    ),
  );
  assert.is(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1);
});

test('clients are listed newest first, page by page, each once', async () => {
  await database.query('DELETE FROM partner_client');
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) ids.unshift((await partner()).clientId);
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await partners.listPartnerClients({ pageSize: 2, pageToken }, await asAdmin());
    seen.push(...page.clients.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.equal(seen, ids);
  for (const madeUp of ['x', makePageToken(['nobody'])]) {
    assert.is(
      reasonOf(await refusal(partners.listPartnerClients({ pageSize: 2, pageToken: madeUp }, await asAdmin()))),
      'PAGE_TOKEN_INVALID',
    );
  }
});

test('an unknown client is not found', async () => {
  const clientId = randomUUID();
  const [as, requestId] = [await asAdmin(), randomUUID()];
  const calls: Promise<unknown>[] = [
    partners.getPartnerClient({ clientId }, as),
    partners.suspendPartnerClient({ requestId, clientId, reason: '-' }, as),
    partners.reinstatePartnerClient({ requestId: randomUUID(), clientId, reason: undefined }, as),
    rotate(clientId, 0),
    update(clientId, 'v1', ['scopes']),
  ];
  for (const error of await Promise.all(calls.map(refusal))) assert.is(reasonOf(error), 'PARTNER_NOT_FOUND');
});

test('clients are the business of admins only', async () => {
  const { client, clientId, clientSecret } = await partner();
  const person = bearer((await signIn(await signUp())).tokens.accessToken);
  const compliance = await staff(Role.ROLE_COMPLIANCE);
  const itself = bearer((await tokenFor(clientId, clientSecret)).accessToken);
  for (const [as, code] of [
    [person, status.PERMISSION_DENIED],
    [compliance.as, status.PERMISSION_DENIED],
    [itself, status.PERMISSION_DENIED],
    [undefined, status.UNAUTHENTICATED],
  ] as const) {
    const requestId = randomUUID();
    const calls: Promise<unknown>[] = [
      partners.createPartnerClient(request(), as),
      partners.updatePartnerClient(
        { requestId, clientId, etag: client.etag, updateMask: ['scopes'], client: { scopes: [], rateClass: 1 } },
        as,
      ),
      partners.rotatePartnerSecret({ requestId, clientId, overlapHours: 0 }, as),
      partners.suspendPartnerClient({ requestId, clientId, reason: '-' }, as),
      partners.reinstatePartnerClient({ requestId, clientId, reason: undefined }, as),
      partners.getPartnerClient({ clientId }, as),
      partners.listPartnerClients({ pageSize: 0, pageToken: '' }, as),
    ];
    for (const error of await Promise.all(calls.map(refusal))) assert.is(error.code, code);
  }
});

test.after(house.close);
test.run();
