// From a person who has shown who they are to tokens: by a challenge where the account has a second factor.
import { randomBytes } from 'node:crypto';
import type { SignInResponse } from '@moa/contracts/auth/v1/auth_service';
import type { Call } from '@moa/kit';
import { accountToProto } from './convert.js';
import { deviceOf } from './domain/device.js';
import { SECRET_BYTES } from './domain/refresh-token.js';
import { CHALLENGE_MS } from './domain/second-factor.js';
import { fail } from './errors.js';
import type { Context } from './service.js';
import type { Credentials } from './store/accounts.js';
import { handOutToken } from './store/one-time-tokens.js';
import { hasSecondFactor } from './store/second-factors.js';
import { type NewSession, startSession } from './store/sessions.js';

type Admitting = Pick<Context, 'db' | 'issueTokens'>;

/** After a password or another issuer's word: tokens, or a challenge. Throws ACCOUNT_SUSPENDED. */
export async function admit(context: Admitting, call: Call, account: Credentials, device: string): Promise<SignInResponse> {
  if (account.state !== 'ACTIVE') throw fail('ACCOUNT_SUSPENDED');
  if (await hasSecondFactor(context.db, account.id)) {
    const secondFactorChallenge = await handOutToken(context.db, call, account.id, 'SECOND_FACTOR', CHALLENGE_MS);
    return { tokens: undefined, account: undefined, secondFactorChallenge };
  }
  return { ...(await beginSession(context, call, account, { device, hasSecondFactor: false })), secondFactorChallenge: '' };
}

/** A new session with its first tokens. */
export async function beginSession(
  { db, issueTokens }: Admitting,
  call: Call,
  account: Credentials,
  { device, hasSecondFactor }: Pick<NewSession, 'device' | 'hasSecondFactor'>,
) {
  const secret = randomBytes(SECRET_BYTES);
  const session = await startSession(db, call, { account, secret, device: deviceOf(device, call.agent), hasSecondFactor });
  // What was read before may have been taken away meanwhile.
  const admitted = { ...account, roles: session.roles };
  return { tokens: await issueTokens({ account: admitted, session, secret }, call.at), account: accountToProto(admitted) };
}
