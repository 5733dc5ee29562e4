import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { RESET_MINUTES } from '../domain/mail.js';
import { newOneTimeToken } from '../one-time-token.js';
import type { Context } from '../service.js';
import { findAccountByEmail } from '../store/accounts.js';
import { requestPasswordReset as queueReset } from '../store/addresses.js';

type RequestPasswordReset = Handler<typeof AuthServiceDefinition.methods.requestPasswordReset>;

export const requestPasswordReset =
  ({ db, sealMail, wakeMail }: Context): RequestPasswordReset =>
  async ({ email }, call) => {
    const account = await findAccountByEmail(db, email);
    const token = newOneTimeToken();
    const mails = {
      // To the address that the account has: the one that was typed may only look alike.
      reset: sealMail(account?.email ?? email, { kind: 'RESET_PASSWORD', token, minutes: RESET_MINUTES }),
      none: sealMail(email, { kind: 'NONE' }),
    };
    await queueReset(db, call, account?.id, token, mails);
    wakeMail();
    return {};
  };
