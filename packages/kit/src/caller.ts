// Who calls: a person by a verified token, a service by its certificate.
import { hash } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import type { Policy } from '@moa/contracts/method';
import { Role } from '@moa/contracts/options/v1/options';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from './clock.js';
import { Failure, fail } from './failure.js';

export const TOKEN_AUDIENCE = 'moa';
const MAX_CACHED_TOKENS = 10_000;
const BEARER = /^Bearer (\S+)$/i;

/** A person with a verified token. */
export interface Caller {
  readonly accountId: string;
  /** "USER", "SELLER", ... */
  readonly roles: readonly string[];
  readonly sessionId: string;
}

export interface Identified {
  readonly caller: Caller;
  readonly token: string;
}

/** Finds the person behind a call; undefined without a token. Throws TOKEN_REFUSED for one that does not hold. */
export type Identify = (metadata: Metadata) => Identified | undefined | Promise<Identified>;

/**
 * Verifies access tokens (RFC 9068 with EdDSA; the checks of RFC 8725). A verified one is remembered, by its hash, until it expires:
 * the answer is then synchronous.
 */
export function tokenVerifier(keys: JWTVerifyGetKey, issuer: string, clock: Clock): Identify {
  const verified = new Map<string, { identified: Identified; expiresAtMs: number }>();

  return (metadata) => {
    const headers = metadata.get('authorization');
    if (headers.length === 0) return undefined;
    const token = headers.length === 1 ? BEARER.exec(String(headers[0]))?.[1] : undefined;
    if (token === undefined) throw fail('TOKEN_REFUSED');
    const digest = hash('sha256', token, 'base64');
    const known = verified.get(digest);
    if (!known) return verify(token, digest);
    if (known.expiresAtMs > clock.now().getTime()) return known.identified;
    verified.delete(digest);
    throw fail('TOKEN_REFUSED');
  };

  async function verify(token: string, digest: string): Promise<Identified> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['EdDSA'],
        issuer,
        audience: TOKEN_AUDIENCE,
        typ: 'at+jwt',
        requiredClaims: ['sub', 'exp', 'sid', 'roles'],
        currentDate: clock.now(),
      });
      const caller = callerOf(payload);
      // The oldest goes first: a map keeps the order of insertion.
      if (verified.size >= MAX_CACHED_TOKENS) verified.delete(verified.keys().next().value!);
      const identified = { caller, token };
      verified.set(digest, { identified, expiresAtMs: payload.exp! * 1000 });
      return identified;
    } catch (error) {
      if (error instanceof Failure) throw error;
      // Anything else is not the token's fault: its key could not be had.
      throw fail(error instanceof errors.JOSEError ? 'TOKEN_REFUSED' : 'KEYS_UNAVAILABLE');
    }
  }
}

function callerOf({ sub, sid, roles }: JWTPayload): Caller {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (!isText(sub) || !isText(sid) || !Array.isArray(roles) || !roles.every(isText)) throw fail('TOKEN_REFUSED');
  return { accountId: sub, roles, sessionId: sid };
}

/** What decides about a policy, put in the form that a call is compared with. */
export type Authorize = (caller: Caller | undefined, service: () => string | undefined) => void;

/** Lets a call pass, or throws: by the person's roles, or for an INTERNAL RPC by the certificate of the calling service. */
export function authorizer({ access }: Policy): Authorize {
  switch (access.$case) {
    case 'public':
      return () => {};
    case 'signedIn':
      return (caller) => {
        if (!caller) throw fail('TOKEN_MISSING');
      };
    case 'roles': {
      const names = roleNames(access.value.any);
      return (caller) => {
        if (!caller) throw fail('TOKEN_MISSING');
        if (!caller.roles.some((role) => names.has(role))) throw fail('CALLER_NOT_ALLOWED');
      };
    }
    case 'internal': {
      const names = new Set(access.value.names);
      return (_, service) => {
        if (!names.has(service() ?? '')) throw fail('CALLER_NOT_ALLOWED');
      };
    }
  }
}

/** "ROLE_SELLER" of the contract is "SELLER" in a token. */
export const roleName = (role: Role): string => ROLE_NAMES.get(role)!;

const ROLE_NAMES = new Map(Object.entries(Role).map(([name, value]) => [value, name.replace(/^ROLE_/, '')]));

const roleNames = (roles: readonly Role[]): ReadonlySet<string> => new Set(roles.map(roleName));
