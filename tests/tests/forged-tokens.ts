// Tokens that must not get anybody in, by what is wrong with each. All of them name every role.
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { Tokens } from '@moa/contracts/auth/v1/auth';
import type { SigningKey } from './signing-key.js';

const ISSUER = 'https://moa.example';
const MINUTE_S = 60;

type Json = Readonly<Record<string, unknown>>;

const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface Forgery {
  /** Signed by us and right in all: its like are refused for what is wrong with each, and for nothing else. */
  readonly right: string;
  readonly forged: Readonly<Record<string, string>>;
}

/** `now` is the clock's, `held` what somebody really holds. */
export function forgeTokens(ours: SigningKey, held: Tokens, now: Date): Forgery {
  const nowS = Math.floor(now.getTime() / 1000);
  const theirs = generateKeyPairSync('ed25519');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const header: Json = { alg: 'EdDSA', typ: 'at+jwt', kid: ours.kid };
  const claims: Json = {
    iss: ISSUER,
    aud: 'moa',
    sub: randomUUID(),
    sid: randomUUID(),
    sv: 1,
    roles: ['USER', 'SELLER', 'ADMIN', 'COMPLIANCE'],
    iat: nowS,
    auth_time: nowS,
    exp: nowS + 10 * MINUTE_S,
  };

  /** Signed by a key, ours unless said otherwise: what is changed is what is wrong. */
  const signed = (changes: { header?: Json; claims?: Json }, key: KeyObject = ours.privateKey, digest?: string) => {
    const text = `${part({ ...header, ...changes.header })}.${part({ ...claims, ...changes.claims })}`;
    const signature = sign(digest, Buffer.from(text), digest === undefined ? key : { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };
  const byTheirs = (changes: Json) => signed({ header: changes }, theirs.privateKey);
  const unsigned = (alg: string, signature = '') => `${part({ ...header, alg })}.${part(claims)}.${signature}`;
  const withSecret = (secret: string | Buffer) => {
    const text = `${part({ ...header, alg: 'HS256' })}.${part(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const [heldHeader, heldClaims, heldSignature] = held.accessToken.split('.') as [string, string, string];
  const theirJwk = theirs.publicKey.export({ format: 'jwk' });

  const forged = {
    'without a signature (alg none)': unsigned('none'),
    'with alg None': unsigned('None'),
    'with alg NONE and the signature of another': unsigned('NONE', heldSignature),
    'with our algorithm and no signature': `${part(header)}.${part(claims)}.`,
    'of HS256 with the public key in PEM for a secret': withSecret(
      createPublicKey({ format: 'jwk', key: ours.jwk }).export({ format: 'pem', type: 'spki' }),
    ),
    'of HS256 with the public JWK for a secret': withSecret(JSON.stringify(ours.jwk)),
    'of HS256 with the public key in base64url for a secret': withSecret(ours.jwk.x),
    'of HS256 with the bytes of the public key for a secret': withSecret(Buffer.from(ours.jwk.x, 'base64url')),
    'of HS256 with an empty secret': withSecret(''),
    'of RS256 under our key id': signed({ header: { alg: 'RS256' } }, rsa.privateKey, 'sha256'),
    'of ES256 under our key id': signed({ header: { alg: 'ES256' } }, ec.privateKey, 'sha256'),
    'of our key that says RS256': signed({ header: { alg: 'RS256' } }),
    'of a stranger under our key id': byTheirs({}),
    'of a stranger under their own key id': byTheirs({ kid: 'theirs' }),
    'of a stranger without a key id': byTheirs({ kid: undefined }),
    'whose key id is a path': byTheirs({ kid: '../../../../dev/null' }),
    'whose key id is SQL': byTheirs({ kid: "x' UNION SELECT 'y" }),
    'that brings its own jwk': byTheirs({ jwk: theirJwk }),
    'that brings its own jwk and key id': byTheirs({ jwk: { ...theirJwk, kid: 'theirs' }, kid: 'theirs' }),
    'with a jku': byTheirs({ kid: 'theirs', jku: 'http://127.0.0.1:1/jwks.json' }),
    'with an x5u': byTheirs({ kid: 'theirs', x5u: 'http://127.0.0.1:1/cert.pem' }),
    'with an x5c': byTheirs({ kid: 'theirs', x5c: ['AAAA'] }),
    'with a crit that nobody knows': signed({ header: { crit: ['b64'], b64: false } }),
    'for another audience': signed({ claims: { aud: 'elsewhere' } }),
    'for no audience': signed({ claims: { aud: undefined } }),
    'of another issuer': signed({ claims: { iss: 'https://evil.example' } }),
    'of an issuer that begins like ours': signed({ claims: { iss: `${ISSUER}.evil.example` } }),
    'of no issuer': signed({ claims: { iss: undefined } }),
    'of the kind of an id token': signed({ header: { typ: 'JWT' } }),
    'of no kind': signed({ header: { typ: undefined } }),
    'of another kind of access token': signed({ header: { typ: 'at+jwt+x' } }),
    'that has expired': signed({ claims: { exp: nowS - MINUTE_S } }),
    'that never expires': signed({ claims: { exp: undefined } }),
    'that is not good yet': signed({ claims: { nbf: nowS + 5 * MINUTE_S } }),
    'without a session': signed({ claims: { sid: undefined } }),
    "without a session's version": signed({ claims: { sv: undefined } }),
    'that is really a refresh token': held.refreshToken,
    'with another body under a good signature': `${heldHeader}.${part(claims)}.${heldSignature}`,
    'with another header under a good signature': `${part({ ...header, typ: 'jwt' })}.${heldClaims}.${heldSignature}`,
    'with a signature that was cut off': held.accessToken.slice(0, -20),
    'with more behind its signature': `${held.accessToken}.${heldClaims}`,
    'of no form at all': 'what',
  };
  return { right: signed({}), forged };
}
