import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { admit } from '../admission.js';
import { emailKeyOf } from '../domain/email.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findCredentials } from '../store/accounts.js';

type SignIn = Handler<typeof AuthServiceDefinition.methods.signIn>;

export const signIn =
  (context: Context): SignIn =>
  async ({ email, password, device }, call) => {
    const { db, passwords, throttle } = context;
    const emailKey = emailKeyOf(email);
    const attempt = { account: emailKey, call };
    const waitMs = await throttle.attempt(attempt);
    if (waitMs > 0) throw fail('SIGN_IN_THROTTLED', {}, { retryAfterMs: waitMs });

    const account = await findCredentials(db, { emailKey });
    const isRight = await passwords.matches(account?.passwordHash ?? undefined, password, call.signal);
    if (!account || !isRight) throw fail('SIGN_IN_REFUSED');
    await throttle.succeeded(attempt);
    return admit(context, call, account, device);
  };
