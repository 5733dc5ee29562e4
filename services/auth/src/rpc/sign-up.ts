import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { VERIFY_MINUTES } from '../domain/mail.js';
import { newOneTimeToken } from '../one-time-token.js';
import type { Context } from '../service.js';
import { findAccountByEmail } from '../store/accounts.js';
import { signUpAccount } from '../store/addresses.js';

type SignUp = Handler<typeof AuthServiceDefinition.methods.signUp>;

// The address itself makes a repeated sign-up harmless: the first stays. Nothing of the answer says which one this was, nor how long it
// took: the password is hashed, a row written and a mail queued either way.
export const signUp =
  ({ db, passwords, sealMail, wakeMail }: Context): SignUp =>
  async ({ email, password }, call) => {
    const passwordHash = await passwords.hash(password, call.signal);
    const existing = await findAccountByEmail(db, email);
    const token = newOneTimeToken();
    const mails = {
      verify: sealMail(email, { kind: 'VERIFY_EMAIL', token, minutes: VERIFY_MINUTES }),
      // To the address that the account has: the one that was typed may only look alike.
      exists: sealMail(existing?.email ?? null, { kind: 'ACCOUNT_EXISTS' }),
      none: sealMail(email, { kind: 'NONE' }),
    };
    await signUpAccount(db, call, { email, passwordHash, token, mails });
    wakeMail();
    return {};
  };
