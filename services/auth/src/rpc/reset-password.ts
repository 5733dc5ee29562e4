import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { emailKeyOf } from '../domain/email.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { resetPassword as setPassword } from '../store/addresses.js';
import { findTokenOwner } from '../store/one-time-tokens.js';

type ResetPassword = Handler<typeof AuthServiceDefinition.methods.resetPassword>;

export const resetPassword =
  ({ db, passwords, throttle, sealMail, wakeMail }: Context): ResetPassword =>
  async ({ token, newPassword }, call) => {
    // Looked at before anything is hashed: made-up tokens cost no core.
    const accountId = await findTokenOwner(db, call, 'RESET_PASSWORD', token);
    if (!accountId) throw fail('RESET_TOKEN_REFUSED');
    const email = await findEmail(db, accountId);
    const passwordHash = await passwords.hash(newPassword, call.signal);
    await setPassword(db, call, token, passwordHash, sealMail(email, { kind: 'PASSWORD_CHANGED' }));
    wakeMail();
    if (email !== null) await throttle.succeeded({ account: emailKeyOf(email), call });
    return {};
  };
