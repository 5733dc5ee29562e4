import { type Account, Account_State, type JsonWebKey, type Session } from '@moa/contracts/auth/v1/auth';
import { Role } from '@moa/contracts/options/v1/options';
import type { RoleName } from './domain/roles.js';
import type { AccountRow } from './store/accounts.js';
import type { LiveSession } from './store/sessions.js';
import type { PublicSigningKey } from './store/signing-keys.js';

export const accountToProto = ({ id, email, emailVerifyTime, roles, state, createTime }: AccountRow): Account => ({
  id,
  email: email ?? '',
  emailVerified: emailVerifyTime !== null,
  roles: roles.map((role) => Role[`ROLE_${role as RoleName}`]),
  state: Account_State[`STATE_${state as 'ACTIVE' | 'SUSPENDED'}`],
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
