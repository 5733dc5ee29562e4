// Who calls: a person or a partner by a verified token, a service by its certificate.
import { hash } from 'node:crypto';
import { type Metadata, status } from '@grpc/grpc-js';
import type { Policy } from '@moa/contracts/method';
import { Role } from '@moa/contracts/options/v1/options';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from './clock.js';
import { Failure, fail } from './failure.js';
import type { Revocations } from './revocations.js';

export const TOKEN_AUDIENCE = 'moa';
/** How long an access token is good. */
export const ACCESS_TOKEN_MS = 10 * 60_000;
const PARTNER = 'PARTNER';
const MAX_CACHED_TOKENS = 10_000;
const BEARER = /^Bearer (\S+)$/i;

/** A person, or a partner's program, with a verified token. */
export interface Caller {
  /** Of a partner: its client's id. */
  readonly accountId: string;
  /** "USER", "SELLER", ... Without ADMIN and COMPLIANCE unless the session has passed a second factor. */
  readonly roles: readonly string[];
  /** What a partner's program may do; nobody else has any. */
  readonly scopes: readonly string[];
  readonly sessionId: string;
}

export interface Identified {
  readonly caller: Caller;
  readonly token: string;
  /** Whether the token is still good: neither expired nor revoked. */
  readonly holds: () => boolean;
}

/** Finds the person behind a call; undefined without a token. Throws TOKEN_REFUSED for one that does not hold. */
export type Identify = (metadata: Metadata) => Identified | undefined | Promise<Identified>;

/**
 * Verifies access tokens (RFC 9068 with EdDSA; the checks of RFC 8725). A verified one is remembered, by its hash, until it expires:
 * the answer is then synchronous.
 */
export function tokenVerifier(keys: JWTVerifyGetKey, revocations: Revocations, issuer: string, clock: Clock): Identify {
  const verified = new Map<string, Identified>();

  return (metadata) => {
    const headers = metadata.get('authorization');
    if (headers.length === 0) return undefined;
    const token = headers.length === 1 ? BEARER.exec(String(headers[0]))?.[1] : undefined;
    if (token === undefined) throw fail('TOKEN_REFUSED');
    const digest = hash('sha256', token, 'base64');
    const known = verified.get(digest);
    if (!known) return verify(token, digest);
    if (known.holds()) return known;
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
        requiredClaims: ['sub', 'exp', 'sid', 'sv', 'roles'],
        currentDate: clock.now(),
      });
      const { sv: version, exp = 0 } = payload;
      if (typeof version !== 'number') throw fail('TOKEN_REFUSED');
      const caller = callerOf(payload);
      const holds = () => exp * 1000 > clock.now().getTime() && !revocations.includes(caller.sessionId, version);
      await revocations.ready();
      if (!holds()) throw fail('TOKEN_REFUSED');
      const found = { caller, token, holds };
      // The oldest goes first: a map keeps the order of insertion.
      if (verified.size >= MAX_CACHED_TOKENS) verified.delete(verified.keys().next().value!);
      verified.set(digest, found);
      return found;
    } catch (error) {
      if (error instanceof Failure && error.code === status.UNAUTHENTICATED) throw error;
      // Anything else is not the token's fault: its key, or what was revoked, could not be had.
      throw fail(error instanceof errors.JOSEError ? 'TOKEN_REFUSED' : 'KEYS_UNAVAILABLE');
    }
  }
}

function callerOf({ sub, sid, roles, scope = '' }: JWTPayload): Caller {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (!isText(sub) || !isText(sid) || !Array.isArray(roles) || !roles.every(isText) || typeof scope !== 'string')
    throw fail('TOKEN_REFUSED');
  return { accountId: sub, roles, scopes: scope.split(' ').filter(Boolean), sessionId: sid };
}

/** What decides about a policy, put in the form that a call is compared with. */
export type Authorize = (caller: Caller | undefined, service: () => string | undefined) => void;

/** Lets a call pass, or throws: by the caller's roles and a partner's scopes, or for an INTERNAL RPC by the certificate of the calling service. */
export function authorizer({ access }: Policy): Authorize {
  switch (access.$case) {
    case 'public':
      return () => {};
    case 'signedIn':
      return (caller) => {
        if (!caller) throw fail('TOKEN_MISSING');
        // A program is nobody in particular: it has no profile, no pledges, no sessions.
        if (caller.roles.includes(PARTNER)) throw fail('CALLER_NOT_ALLOWED');
      };
    case 'roles': {
      const names = roleNames(access.value.any);
      const { partnerScope } = access.value;
      const lets = (role: string, scopes: readonly string[]) =>
        names.has(role) && (role !== PARTNER || partnerScope === '' || scopes.includes(partnerScope));
      return (caller) => {
        if (!caller) throw fail('TOKEN_MISSING');
        if (!caller.roles.some((role) => lets(role, caller.scopes))) throw fail('CALLER_NOT_ALLOWED');
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
