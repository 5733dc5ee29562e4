import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { VERIFY_MINUTES } from '../domain/mail.js';
import { newOneTimeToken } from '../one-time-token.js';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { requestVerification } from '../store/addresses.js';

type RequestEmailVerification = Handler<typeof AuthServiceDefinition.methods.requestEmailVerification>;

export const requestEmailVerification =
  ({ db, sealMail, wakeMail }: Context): RequestEmailVerification =>
  async (_, call) => {
    const email = await findEmail(db, call.caller.accountId);
    const token = newOneTimeToken();
    await requestVerification(db, call, token, sealMail(email, { kind: 'VERIFY_EMAIL', token, minutes: VERIFY_MINUTES }));
    wakeMail();
    return {};
  };
