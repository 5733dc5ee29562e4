import { generateKeyPairSync, sign } from 'node:crypto';
import { listRpcs } from '@moa/contracts/descriptors';
import { Role } from '@moa/contracts/options/v1/options';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openEdge, pathWith, reached } from './support/edge.js';

const [OK, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED] = [0, 7, 12, 16];
const PUBLIC = pathWith('public');
const SIGNED_IN = pathWith('signedIn');
const FOR_ADMINS = pathWith('roles', Role.ROLE_ADMIN);

const edge = await openEdge();
test.after(() => edge.close());

test('an INTERNAL RPC is not there, whoever asks', async () => {
  const everyRole = await edge.token({ roles: ['USER', 'SELLER', 'ADMIN', 'COMPLIANCE', 'PARTNER'] });
  for (const { path } of listRpcs().filter(({ access }) => access.$case === 'internal')) {
    for (const token of [undefined, everyRole]) {
      const options = token === undefined ? {} : { token };
      assert.not(await reached(edge, async () => assert.is((await edge.grpc(path, options)).code, UNIMPLEMENTED)), path);
      assert.not(await reached(edge, async () => assert.is((await edge.web(path, options)).code, UNIMPLEMENTED)), path);
    }
  }
});

test('every other RPC is reached by those whom its contract names, and by nobody else', async () => {
  const tokens = new Map(
    await Promise.all(['USER', 'SELLER', 'ADMIN', 'COMPLIANCE'].map(async (role) => [role, await edge.token({ roles: [role] })] as const)),
  );
  for (const { path, access } of listRpcs().filter(({ access }) => access.$case !== 'internal')) {
    const names =
      access.$case === 'roles'
        ? access.value.any.map((role) =>
            Object.entries(Role)
              .find(([, value]) => value === role)![0]
              .slice(5),
          )
        : [...tokens.keys()];
    for (const [role, token] of tokens) {
      const { code, reason } = await edge.grpc(path, { token });
      assert.equal([code, reason], names.includes(role) ? [OK, undefined] : [PERMISSION_DENIED, 'CALLER_NOT_ALLOWED'], `${role} ${path}`);
    }
    const { code, reason } = await edge.grpc(path);
    assert.equal([code, reason], access.$case === 'public' ? [OK, undefined] : [UNAUTHENTICATED, 'TOKEN_MISSING'], path);
  }
});

test('a role is looked for in the list of roles, not in its text', async () => {
  for (const claims of [
    { roles: 'ADMIN' },
    { roles: 'USER,ADMIN' },
    { roles: ['USER ADMIN'] },
    { roles: ['admin'] },
    { roles: { ADMIN: true } },
    { role: 'ADMIN', roles: [] },
  ])
    assert.is((await edge.grpc(FOR_ADMINS, { token: await edge.token({ claims }) })).code, PERMISSION_DENIED, JSON.stringify(claims));
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = {
  sub: 'mallory',
  iss: 'https://moa.test',
  aud: 'moa',
  roles: ['ADMIN'],
  sid: 's',
  exp: Math.floor(Date.now() / 1000) + 600,
};
const stranger = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

function forged(header: object, key = stranger.privateKey, digest?: string): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${sign(digest, Buffer.from(signed), key).toString('base64url')}`;
}

const badTokens: Record<string, () => string | Promise<string>> = {
  'without a signature': () => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims)}.`,
  'with a signature of nothing': () => `${part({ alg: 'EdDSA', kid: 'edge' })}.${part(claims)}.`,
  "signed by a stranger under our key's id": () => forged({ alg: 'EdDSA', typ: 'at+jwt', kid: 'edge' }),
  'signed by a stranger without a key id': () => forged({ alg: 'EdDSA', typ: 'at+jwt' }),
  'that brings its own key': () => forged({ alg: 'EdDSA', typ: 'at+jwt', kid: 'edge', jwk: stranger.publicKey.export({ format: 'jwk' }) }),
  'that names where its key is': () => forged({ alg: 'EdDSA', typ: 'at+jwt', kid: 'mine', jku: 'http://127.0.0.1:1/jwks.json' }),
  'of another algorithm': () => forged({ alg: 'RS256', typ: 'at+jwt', kid: 'edge' }, rsa.privateKey, 'sha256'),
  'of a symmetric algorithm': () => forged({ alg: 'HS256', typ: 'at+jwt', kid: 'edge' }),
  'of another audience': () => edge.token({ audience: 'somewhere-else' }),
  'of another issuer': () => edge.token({ issuer: 'https://evil.test' }),
  'that has expired': () => edge.token({ expiresInS: -60 }),
  'without an end': () => edge.token({ expiresInS: Number.NaN }),
  'that is not valid yet': () => edge.token({ claims: { nbf: Math.floor(Date.now() / 1000) + 300 } }),
  'that has been changed': async () => {
    const [header, , signature] = (await edge.token()).split('.');
    return `${header}.${part(claims)}.${signature}`;
  },
  'of no form at all': () => 'what',
  'that is empty': () => '',
};

for (const [kind, make] of Object.entries(badTokens)) {
  test(`a token ${kind} is refused, on public RPCs too`, async () => {
    const token = await make();
    for (const path of [PUBLIC, SIGNED_IN, FOR_ADMINS]) {
      for (const call of [edge.grpc, edge.web]) {
        assert.not(
          await reached(edge, async () => {
            const { code, reason } = await call(path, { token });
            assert.equal([code, reason], [UNAUTHENTICATED, 'TOKEN_REFUSED'], path);
          }),
        );
      }
    }
  });
}

test('a token is taken from its header only', async () => {
  const token = await edge.token();
  assert.is((await edge.grpc(SIGNED_IN, { headers: { authorization: token } })).code, UNAUTHENTICATED);
  assert.is((await edge.grpc(SIGNED_IN, { headers: { authorization: `Basic ${token}` } })).code, UNAUTHENTICATED);
  assert.is((await edge.grpc(SIGNED_IN, { headers: { cookie: `authorization=Bearer ${token}` } })).code, UNAUTHENTICATED);
  assert.is((await edge.grpc(`${SIGNED_IN}?access_token=${token}`)).code, UNAUTHENTICATED);
});

test('two tokens, in two headers or in one, are refused: nobody is to guess which counts', async () => {
  const [good, other] = [await edge.token(), await edge.token({ sub: 'other', roles: ['ADMIN'] })];
  for (const authorization of [
    [`Bearer ${good}`, `Bearer ${other}`],
    `Bearer ${good},Bearer ${other}`,
    `Bearer ${good}, ${other}`,
    `Bearer ${good} ${other}`,
    `Bearer  ${good}`,
  ]) {
    // HTTP/2 of Node sends no header twice.
    for (const call of Array.isArray(authorization) ? [edge.web] : [edge.grpc, edge.web])
      assert.not(
        await reached(edge, async () =>
          assert.is((await call(PUBLIC, { headers: { authorization: authorization as string } })).code, UNAUTHENTICATED),
        ),
      );
  }
});

test('the token goes on to the service, which verifies it again', async () => {
  const token = await edge.token();
  await edge.grpc(SIGNED_IN, { token });
  assert.equal(edge.seen.at(-1)!.metadata.get('authorization'), [`Bearer ${token}`]);
});

test.run();
