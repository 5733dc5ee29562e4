import { randomUUID } from 'node:crypto';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import { openTestbed, reasonOf } from '@moa/testkit';
import { createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenVerifier } from '../src/caller.js';
import { openHost } from '../src/index.js';
import { openRevocations } from '../src/revocations.js';
import { configAs, implement, NOTHING_REVOKED } from './support.js';

const bed = await openTestbed('tokens');
const ISSUER = 'https://moa.test';
const ours = await generateKeyPair('EdDSA', { extractable: true });
const theirs = await generateKeyPair('EdDSA', { extractable: true });
const publicJwk = await exportJWK(ours.publicKey);
const keySet = createLocalJWKSet({ keys: [{ ...publicJwk, kid: 'ours', alg: 'EdDSA' }] });

const host = await openHost('auth', await configAs(bed, 'auth'));
host.verifyTokensWith({ ...NOTHING_REVOKED, keys: keySet });
host.serve(AuthServiceDefinition, implement(AuthServiceDefinition, { getJwks: async () => ({ keys: [] }) }));
host.serve(UserServiceDefinition, implement(UserServiceDefinition, { getProfile: async () => ({ profile: undefined }) }));
const running = await host.listen();
const user = bed.connect(UserServiceDefinition, running.address);
const auth = bed.connect(AuthServiceDefinition, running.address);

const HEADER: JWTHeaderParameters = { alg: 'EdDSA', typ: 'at+jwt', kid: 'ours' };
const claims = (): Record<string, unknown> => ({
  sub: randomUUID(),
  sid: randomUUID(),
  sv: 1,
  roles: ['USER'],
  iss: ISSUER,
  aud: 'moa',
  exp: Math.floor(Date.now() / 1000) + 600,
});
const sign = (
  changed: Record<string, unknown> = {},
  header: Partial<JWTHeaderParameters> = {},
  key: Parameters<SignJWT['sign']>[0] = ours.privateKey,
) => new SignJWT(JSON.parse(JSON.stringify({ ...claims(), ...changed }))).setProtectedHeader({ ...HEADER, ...header }).sign(key);
const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

function withHeader(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', value);
  return metadata;
}

async function isRefused(value: string, why: string): Promise<void> {
  // Public or not: a token that is there has to hold.
  for (const call of [user.getProfile, auth.getJwks]) {
    const error = await call({}, withHeader(value)).catch((refusal: unknown) => refusal as ServiceError);
    assert.instance(error, Error, why);
    assert.is((error as ServiceError).code, status.UNAUTHENTICATED, why);
    assert.is(reasonOf(error), 'TOKEN_REFUSED', why);
  }
}

test('a good token passes, the second time from memory', async () => {
  const token = await sign();
  for (const scheme of ['Bearer', 'bearer', 'Bearer']) await user.getProfile({}, withHeader(`${scheme} ${token}`));
});

test('a token of another audience, issuer or kind is refused', async () => {
  await isRefused(`Bearer ${await sign({ aud: 'elsewhere' })}`, 'aud');
  await isRefused(`Bearer ${await sign({ aud: undefined })}`, 'no aud');
  await isRefused(`Bearer ${await sign({ iss: 'https://elsewhere.test' })}`, 'iss');
  await isRefused(`Bearer ${await sign({}, { typ: 'JWT' })}`, 'an id token');
  await isRefused(`Bearer ${await sign({}, { typ: undefined as never })}`, 'no typ');
  for (const claim of ['sub', 'sid', 'sv', 'roles', 'exp']) await isRefused(`Bearer ${await sign({ [claim]: undefined })}`, `no ${claim}`);
});

test('a token whose claims are of the wrong type is refused', async () => {
  await isRefused(`Bearer ${await sign({ roles: 'ADMIN' })}`, 'roles as text');
  await isRefused(`Bearer ${await sign({ roles: [1] })}`, 'roles as numbers');
  await isRefused(`Bearer ${await sign({ sid: 7 })}`, 'sid as a number');
  await isRefused(`Bearer ${await sign({ sv: '1' })}`, 'sv as text');
  await isRefused(`Bearer ${await sign({ scope: ['all'] })}`, 'scope as a list');
  await isRefused(`Bearer ${await sign({ sub: '' })}`, 'empty sub');
});

test('an expired token is refused, also one that was good a moment ago', async () => {
  await isRefused(`Bearer ${await sign({ exp: Math.floor(Date.now() / 1000) - 1 })}`, 'expired');
  await isRefused(`Bearer ${await sign({ nbf: Math.floor(Date.now() / 1000) + 600 })}`, 'not yet');
  const token = await sign();
  await user.getProfile({}, withHeader(`Bearer ${token}`));
  bed.shiftClock(601_000);
  await isRefused(`Bearer ${token}`, 'expired by the clock');
  bed.shiftClock(-601_000);
});

test('a token without a signature is refused', async () => {
  for (const alg of ['none', 'None', 'NONE']) {
    const unsigned = `${encoded({ ...HEADER, alg })}.${encoded(claims())}.`;
    await isRefused(`Bearer ${unsigned}`, alg);
    await isRefused(`Bearer ${unsigned}${(await sign()).split('.')[2]}`, `${alg} with a signature of another`);
  }
  const [header, , signature] = (await sign()).split('.');
  await isRefused(`Bearer ${header}.${encoded({ ...claims(), roles: ['ADMIN'] })}.${signature}`, 'another body');
});

test('the public key is no secret to sign with', async () => {
  const spki = await exportSPKI(ours.publicKey);
  for (const secret of [spki, spki.trim(), publicJwk.x!, JSON.stringify(publicJwk)])
    await isRefused(`Bearer ${await sign({}, { alg: 'HS256' }, Buffer.from(secret))}`, 'HS256');
  await isRefused(`Bearer ${await sign({}, { alg: 'HS256' }, Buffer.from(publicJwk.x!, 'base64url'))}`, 'HS256 with the raw key');
});

test('a key that the token brings along is not used', async () => {
  const jwk = await exportJWK(theirs.publicKey);
  for (const header of [
    { kid: 'theirs' },
    {},
    { jwk },
    { jwk, kid: 'theirs' },
    { jku: 'https://elsewhere.test/jwks' },
    { x5u: 'https://elsewhere.test' },
  ])
    await isRefused(`Bearer ${await sign({}, header, theirs.privateKey)}`, JSON.stringify(header));
  await isRefused(`Bearer ${await sign({}, { crit: ['x'], x: 1 } as never).catch(() => 'x.y.z')}`, 'crit');
});

test('what is no bearer token is refused', async () => {
  const token = await sign();
  const { privateKey } = await generateKeyPair('ES256');
  for (const value of [token, 'Bearer', `Basic ${token}`, `${token}.x`, `Bearer ${token}, Bearer ${token}`, `Bearer ${token} ${token}`])
    await isRefused(value, value.slice(0, 12));
  await isRefused(`Bearer ${await sign({}, { alg: 'ES256' }, privateKey)}`, 'ES256');
});

test('two authorization headers are refused, though each is good', async () => {
  // Over the wire Node keeps the first of them: whoever gets them both must not choose.
  const metadata = new Metadata();
  for (let i = 0; i < 2; i++) metadata.add('authorization', `Bearer ${await sign()}`);
  const identify = tokenVerifier(keySet, openRevocations(NOTHING_REVOKED.listRevoked, host.clock), ISSUER, host.clock);
  assert.throws(() => identify(metadata), /TOKEN_REFUSED/);
});

test.after(async () => {
  await running.stop();
  await bed.close();
});
test.run();
