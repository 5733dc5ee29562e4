import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { reasonOf } from '@moa/testkit';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ADMIN, bearer, codeOf, openAuth, PASSWORD, refusal } from './support.js';

const house = await openAuth('signing-keys');
const { auth, bed, database, signUp } = house;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const email = await signUp();
const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const freshToken = async (from = auth) => (await from.signIn({ email, password: PASSWORD, device: '' })).tokens!.accessToken;
const publishedKids = async (from = auth) => (await from.getJwks({})).keys.map(({ kid }) => kid);

async function verify(token: string): Promise<void> {
  const { keys } = await auth.getJwks({});
  await jwtVerify(token, createLocalJWKSet({ keys: keys as JSONWebKeySet['keys'] }), {
    issuer: 'https://moa.test',
    audience: 'moa',
    typ: 'at+jwt',
    currentDate: bed.now(),
  });
}

test('anybody can verify an access token by the published keys', async () => {
  const token = await freshToken();
  await verify(token);
  assert.equal(await publishedKids(), [kidOf(token)]);
});

test('copies that start together on an empty database agree on one key', async () => {
  await database.query('TRUNCATE signing_key');
  const copies = await Promise.all([house.start(), house.start(), house.start()]);
  const kids = await Promise.all(copies.map(async (copy) => publishedKids(copy.auth)));
  assert.is(new Set(kids.flat()).size, 1);
  await Promise.all(copies.map((copy) => copy.stop()));
});

// The first copy read its key before the table was emptied, and goes on with what it knows: the tests below start their own.
test('keys survive a restart, and so do the tokens', async () => {
  const before = await house.start();
  const token = await freshToken(before.auth);
  await before.stop();
  const after = await house.start();
  assert.is(kidOf(await freshToken(after.auth)), kidOf(token));
  await after.auth.signOut({ sessionId: '' }, bearer(token));
});

test('the private part of a key is sealed in the database', async () => {
  const { rows } = await database.query<{ sealed_private_key: Buffer }>('SELECT sealed_private_key FROM signing_key');
  // 32 bytes in base64url under a 4-byte key id, a nonce and a tag: nothing of a JWK is left to see.
  for (const { sealed_private_key: sealed } of rows) assert.is(sealed.length, 4 + 12 + 16 + 43);
});

test('a copy that cannot open the keys does not start', async () => {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const env = { ...house.environment, KEY_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [[code], said] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  assert.is(code, 1);
  assert.match(said, 'sealed with a key that is not configured');
});

test('a new key is published at once, signs after ten minutes, and the old one verifies for a day more', async () => {
  const copy = await house.start();
  const { tokens } = await house.signInWithCode(ADMIN.email, ADMIN.password, codeOf(ADMIN.totpSecret, bed.now()), copy);
  const asAdmin = bearer(tokens.accessToken);
  const requestId = randomUUID();
  const before = await freshToken(copy.auth);
  const { key } = await copy.admin.rotateSigningKey({ requestId }, asAdmin);
  const again = await copy.admin.rotateSigningKey({ requestId }, asAdmin);
  assert.is(again.key!.kid, key!.kid);
  assert.equal(await publishedKids(copy.auth), [kidOf(before), key!.kid]);
  assert.is(kidOf(await freshToken(copy.auth)), kidOf(before));

  bed.shiftClock(9 * MINUTE_MS);
  assert.is(kidOf(await freshToken(copy.auth)), kidOf(before));
  await copy.auth.signOut({ sessionId: '' }, bearer(before));

  bed.shiftClock(2 * MINUTE_MS);
  const after = await freshToken(copy.auth);
  assert.is(kidOf(after), key!.kid);
  await copy.auth.signOut({ sessionId: '' }, bearer(after));
  assert.equal(await publishedKids(copy.auth), [kidOf(before), key!.kid]);

  bed.shiftClock(DAY_MS);
  assert.equal(await publishedKids(copy.auth), [key!.kid]);
  assert.is(kidOf(await freshToken(copy.auth)), key!.kid);
});

test('a token past its time is refused, and so is one of another key', async () => {
  const copy = await house.start();
  const token = await freshToken(copy.auth);
  bed.shiftClock(11 * MINUTE_MS);
  assert.is(reasonOf(await refusal(copy.auth.signOut({ sessionId: '' }, bearer(token)))), 'TOKEN_REFUSED');
  const foreign = await bed.token(randomUUID());
  assert.is(reasonOf(await refusal(copy.auth.signOut({ sessionId: '' }, bearer(foreign)))), 'TOKEN_REFUSED');
});

test('only an admin rotates keys', async () => {
  const copy = await house.start();
  const user = bearer(await freshToken(copy.auth));
  assert.is((await refusal(copy.admin.rotateSigningKey({ requestId: randomUUID() }, user))).code, status.PERMISSION_DENIED);
  assert.is((await refusal(copy.admin.rotateSigningKey({ requestId: randomUUID() }))).code, status.UNAUTHENTICATED);
});

test.after(house.close);
test.run();
