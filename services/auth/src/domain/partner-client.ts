// A partner's program: what it may do, by which secret it comes in, and which of its tokens hold.
import { fail } from '../errors.js';
import { isSameHash } from './partner-secret.js';

export type RateClass = 'LOW' | 'STANDARD' | 'HIGH';

export interface PartnerClient {
  readonly id: string;
  readonly name: string;
  /** In order, each once. */
  readonly scopes: readonly string[];
  readonly rateClass: RateClass;
  readonly state: 'ACTIVE' | 'SUSPENDED';
  readonly secretHash: Uint8Array<ArrayBuffer>;
  /** Of the secret before: it works until then. */
  readonly oldSecretHash: Uint8Array<ArrayBuffer> | null;
  readonly oldSecretExpireTime: Date | null;
  /** What its tokens name as their session. Those of another one, or below the version, are refused. */
  readonly sessionId: string;
  readonly sessionVersion: bigint;
  readonly version: bigint;
  readonly lastUseTime: Date | null;
  readonly createTime: Date;
}

export type NewPartnerClient = Pick<PartnerClient, 'id' | 'name' | 'scopes' | 'rateClass' | 'secretHash' | 'sessionId' | 'createTime'>;

export interface PartnerClientChange {
  readonly scopes: readonly string[];
  /** Undefined when none was said. */
  readonly rateClass: RateClass | undefined;
}

const HOUR_MS = 3_600_000;
const LAST_USE_STEP_MS = 60_000;

export const newPartnerClient = (client: NewPartnerClient): PartnerClient => ({
  ...client,
  state: 'ACTIVE',
  oldSecretHash: null,
  oldSecretExpireTime: null,
  sessionVersion: 1n,
  version: 1n,
  lastUseTime: null,
});

export const etagOf = ({ version }: PartnerClient): string => `v${version}`;

/** Scopes in order, each once. Throws SCOPE_UNKNOWN for one that is not known: no RPC asks for it. */
export function checkScopes(wanted: readonly string[], known: ReadonlySet<string>): string[] {
  const unknown = wanted.find((scope) => !known.has(scope));
  if (unknown !== undefined) throw fail('SCOPE_UNKNOWN', { scope: unknown });
  return [...new Set(wanted)].sort();
}

/** The client with the fields that the mask names. Throws ETAG_STALE when it has changed since it was read. */
export function changed(client: PartnerClient, change: PartnerClientChange, mask: readonly string[], etag: string): PartnerClient {
  const names = (field: string) => mask.includes(field);
  checkMask(mask, change);
  if (etag !== etagOf(client)) throw fail('ETAG_STALE', { etag: etagOf(client) });
  const scopes = names('scopes') ? change.scopes : client.scopes;
  const rateClass = names('rate_class') ? change.rateClass! : client.rateClass;
  // Tokens that say less than they might are left alone: the next one will say it.
  const saysTooMuch = client.scopes.some((scope) => !scopes.includes(scope)) || rateClass !== client.rateClass;
  const next = { ...client, scopes, rateClass, version: client.version + 1n };
  return saysTooMuch ? withStaleTokens(next) : next;
}

/** The client with another secret. Without an overlap nothing holds that was given for an earlier one. */
export function rotated(client: PartnerClient, secretHash: Uint8Array<ArrayBuffer>, overlapHours: number, at: Date): PartnerClient {
  const next = { ...client, secretHash, version: client.version + 1n };
  if (overlapHours === 0) return withStaleTokens({ ...next, oldSecretHash: null, oldSecretExpireTime: null });
  // Two that work are enough to change over. A third would end the first, which somebody may still be using.
  if (overlaps(client, at)) throw fail('SECRET_OVERLAP_RUNNING', { oldSecretExpireTime: client.oldSecretExpireTime!.toISOString() });
  return { ...next, oldSecretHash: client.secretHash, oldSecretExpireTime: new Date(at.getTime() + overlapHours * HOUR_MS) };
}

/** Undefined when it is suspended already. */
export function suspended(client: PartnerClient): PartnerClient | undefined {
  if (client.state === 'SUSPENDED') return undefined;
  return withStaleTokens({ ...client, state: 'SUSPENDED', version: client.version + 1n });
}

/** With a session of its own, since the one before stays refused. Undefined when it is active already. */
export function reinstated(client: PartnerClient, sessionId: string): PartnerClient | undefined {
  if (client.state === 'ACTIVE') return undefined;
  return { ...client, state: 'ACTIVE', sessionId, sessionVersion: 1n, version: client.version + 1n };
}

/** Whether a secret, by its hash, is one that works now. */
export function acceptsSecret(client: PartnerClient, hash: Uint8Array, at: Date): boolean {
  const isCurrent = isSameHash(client.secretHash, hash);
  const isOld = client.oldSecretHash !== null && isSameHash(client.oldSecretHash, hash);
  return isCurrent || (isOld && overlaps(client, at));
}

/** What a token will allow: all that the client has, or what is wanted of it. Throws SCOPE_NOT_GRANTED for more. */
export function grantedScopes({ scopes }: PartnerClient, wanted: readonly string[]): readonly string[] {
  const lacking = wanted.find((scope) => !scopes.includes(scope));
  if (lacking !== undefined) throw fail('SCOPE_NOT_GRANTED', { scope: lacking });
  return wanted.length === 0 ? scopes : [...new Set(wanted)].sort();
}

/** Whether a use at this time is worth writing down. */
export const isNewUse = ({ lastUseTime }: PartnerClient, at: Date): boolean =>
  lastUseTime === null || at.getTime() - lastUseTime.getTime() >= LAST_USE_STEP_MS;

const overlaps = ({ oldSecretExpireTime }: PartnerClient, at: Date): boolean => oldSecretExpireTime !== null && oldSecretExpireTime > at;

const withStaleTokens = (client: PartnerClient): PartnerClient => ({ ...client, sessionVersion: client.sessionVersion + 1n });

const CHANGEABLE = ['scopes', 'rate_class'];

function checkMask(mask: readonly string[], { rateClass }: PartnerClientChange): void {
  const violations = mask
    .filter((field) => !CHANGEABLE.includes(field))
    .map((field) => ({ field: 'update_mask', description: `${field} is not one of ${CHANGEABLE.join(', ')}` }));
  if (mask.length === 0) violations.push({ field: 'update_mask', description: 'names no field' });
  if (mask.includes('rate_class') && !rateClass) violations.push({ field: 'client.rate_class', description: 'is missing' });
  if (violations.length > 0) throw fail('UPDATE_MASK_WRONG', {}, { violations });
}
