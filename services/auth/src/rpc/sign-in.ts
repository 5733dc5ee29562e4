import { randomBytes } from 'node:crypto';
import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { accountToProto } from '../convert.js';
import { emailKeyOf } from '../domain/email.js';
import { SECRET_BYTES } from '../domain/refresh-token.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findCredentials } from '../store/accounts.js';
import { startSession } from '../store/sessions.js';

type SignIn = Handler<typeof AuthServiceDefinition.methods.signIn>;

export const signIn =
  ({ db, passwords, throttle, issueTokens }: Context): SignIn =>
  async ({ email, password }, call) => {
    const emailKey = emailKeyOf(email);
    const waitMs = await throttle.attempt(emailKey);
    if (waitMs > 0) throw fail('SIGN_IN_THROTTLED', {}, { retryAfterMs: waitMs });

    const account = await findCredentials(db, emailKey);
    const isRight = await passwords.matches(account?.passwordHash ?? undefined, password, call.signal);
    if (!account || !isRight) throw fail('SIGN_IN_REFUSED');
    await throttle.clear(emailKey);
    if (account.state !== 'ACTIVE') throw fail('ACCOUNT_SUSPENDED');

    const secret = randomBytes(SECRET_BYTES);
    const session = await startSession(db, call, { accountId: account.id, secret, device: call.agent ?? '', hasSecondFactor: false });
    return { tokens: await issueTokens({ account, session, secret }, call.at), account: accountToProto(account) };
  };
