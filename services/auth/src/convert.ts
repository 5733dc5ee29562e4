import { AuditEntry_Action, type AuditEntry as AuditEntryProto } from '@moa/contracts/auth/v1/audit';
import { type Account, Account_State, type JsonWebKey, type Session } from '@moa/contracts/auth/v1/auth';
import { PartnerClient_RateClass, PartnerClient_State, type PartnerClient as PartnerClientProto } from '@moa/contracts/auth/v1/partner';
import { Role } from '@moa/contracts/options/v1/options';
import { etagOf, type PartnerClient, type RateClass } from './domain/partner-client.js';
import type { RoleName } from './domain/roles.js';
import type { AccountRow } from './store/accounts.js';
import type { AuditEntry } from './store/audit.js';
import type { LiveSession } from './store/sessions.js';
import type { PublicSigningKey } from './store/signing-keys.js';

export const accountToProto = ({ id, email, emailVerifyTime, roles, state, createTime }: AccountRow): Account => ({
  id,
  email: email ?? '',
  emailVerified: emailVerifyTime !== null,
  roles: roles.map((role) => Role[`ROLE_${role as RoleName}`]),
  state: Account_State[`STATE_${state as 'ACTIVE' | 'SUSPENDED' | 'CLOSED'}`],
  createTime,
});

/** `asking` is the session that looks at it. */
export const sessionToProto = ({ rotateTime, ...session }: LiveSession, asking: string): Session => ({
  ...session,
  lastUseTime: rotateTime,
  current: session.id === asking,
});

export const keyToProto = ({ kid, publicKey }: PublicSigningKey): JsonWebKey => ({
  kid,
  kty: 'OKP',
  crv: 'Ed25519',
  x: publicKey,
  alg: 'EdDSA',
});

export const partnerClientToProto = (client: PartnerClient): PartnerClientProto => ({
  id: client.id,
  name: client.name,
  scopes: [...client.scopes],
  rateClass: PartnerClient_RateClass[`RATE_CLASS_${client.rateClass}`],
  state: PartnerClient_State[`STATE_${client.state}`],
  etag: etagOf(client),
  lastUseTime: client.lastUseTime ?? undefined,
  oldSecretExpireTime: client.oldSecretExpireTime ?? undefined,
  createTime: client.createTime,
});

/** Undefined for RATE_CLASS_UNSPECIFIED. */
export const rateClassName = (rateClass: PartnerClient_RateClass): RateClass | undefined =>
  (['LOW', 'STANDARD', 'HIGH'] as const).find((name) => PartnerClient_RateClass[`RATE_CLASS_${name}`] === rateClass);

export const auditEntryToProto = ({ id, action, facts, requestId, ...entry }: AuditEntry): AuditEntryProto => ({
  ...entry,
  id: String(id),
  action: AuditEntry_Action[`ACTION_${action}`],
  facts: { ...facts },
  requestId: requestId ?? '',
});
