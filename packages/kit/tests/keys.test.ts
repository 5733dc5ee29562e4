import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { openTestbed, until } from '@moa/testkit';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tokenVerifier } from '../src/caller.js';
import { type Failure, openHost, realClock } from '../src/index.js';
import { keysOfAuth } from '../src/keys.js';
import { openRevocations } from '../src/revocations.js';
import { configAs, implement, NOTHING_REVOKED } from './support.js';

const bed = await openTestbed('keys');
const newKey = async (kid: string) => {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  const { kty = '', crv = '', x = '' } = await exportJWK(publicKey);
  return { kid, privateKey, jwk: { kid, kty, crv, x, alg: 'EdDSA' } };
};
const tokenOf = ({ kid, privateKey }: Awaited<ReturnType<typeof newKey>>) =>
  new SignJWT({ roles: ['USER'], sid: randomUUID(), sv: 1 })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
    .setSubject(randomUUID())
    .setIssuer('https://moa.test')
    .setAudience('moa')
    .setExpirationTime('10m')
    .sign(privateKey);

const [first, second] = [await newKey('first'), await newKey('second')];
let published = [first.jwk];
let questions = 0;
const auth = await openHost('auth', await configAs(bed, 'auth'));
auth.verifyTokensWith({ ...NOTHING_REVOKED, keys: async () => first.privateKey });
auth.serve(
  AuthServiceDefinition,
  implement(AuthServiceDefinition, {
    async getJwks() {
      questions++;
      return { keys: published };
    },
  }),
);
const running = await auth.listen();
const user = await openHost('user', await configAs(bed, 'user'));
const remote = user.connect(AuthServiceDefinition, running.address);
const keys = keysOfAuth(remote);
const holds = async (key: Awaited<ReturnType<typeof newKey>>) => (await jwtVerify(await tokenOf(key), keys)).protectedHeader.kid;

test('keys are asked for once, however many calls come at first, and kept', async () => {
  const found = await Promise.all(Array.from({ length: 20 }, () => holds(first)));
  assert.equal(new Set(found), new Set(['first']));
  assert.is(await holds(first), 'first');
  assert.is(questions, 1);
});

test('a key that appeared since is found, and forged ones do not flood auth with questions', async () => {
  published = [first.jwk, second.jwk];
  const forged = await newKey('forged');
  assert.is(await until(() => holds(second)), 'second');
  const before = questions;
  for (let i = 0; i < 50; i++)
    await holds(forged).then(
      () => assert.unreachable(),
      () => {},
    );
  assert.is(questions, before);
});

test('while auth is away the known keys still serve, and strange ones are not called wrong', async () => {
  await running.stop();
  assert.is(await holds(first), 'first');
  const identify = tokenVerifier(
    keysOfAuth(remote),
    openRevocations(NOTHING_REVOKED.listRevoked, realClock),
    'https://moa.test',
    realClock,
  );
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${await tokenOf(second)}`);
  const error = (await (identify(metadata) as Promise<unknown>).catch((refusal) => refusal)) as Failure;
  assert.is(error.code, status.UNAVAILABLE);
});

test.after(async () => {
  (await user.listen()).stop();
  await bed.close();
});
test.run();
