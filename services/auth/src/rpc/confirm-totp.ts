import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { fail } from '../errors.js';
import { newRecoveryCodes } from '../second-factor.js';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { findTotp, confirmTotp as turnOn } from '../store/second-factors.js';

type ConfirmTotp = Handler<typeof AuthServiceDefinition.methods.confirmTotp>;

export const confirmTotp =
  ({ db, secondFactors, sealMail, wakeMail }: Context): ConfirmTotp =>
  async ({ code }, call) => {
    const { accountId } = call.caller;
    const totp = await findTotp(db, accountId);
    if (!totp) throw fail('NO_SECOND_FACTOR');
    if (totp.confirmTime) throw fail('SECOND_FACTOR_ENROLLED');
    const step = await secondFactors.firstStep(call, accountId, totp, code);
    const { codes, hashes } = newRecoveryCodes();
    const email = await findEmail(db, accountId);
    await turnOn(db, call, step, hashes, sealMail(email, { kind: 'SIGN_IN_METHOD_CHANGED', what: 'SECOND_FACTOR_ADDED' }));
    wakeMail();
    return { recoveryCodes: codes };
  };
