import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { fail } from '../errors.js';
import { newRecoveryCodes } from '../second-factor.js';
import type { Context } from '../service.js';
import { findTotp, confirmTotp as turnOn } from '../store/second-factors.js';

type ConfirmTotp = Handler<typeof AuthServiceDefinition.methods.confirmTotp>;

export const confirmTotp =
  ({ db, secondFactors }: Context): ConfirmTotp =>
  async ({ code }, call) => {
    const { accountId } = call.caller;
    const totp = await findTotp(db, accountId);
    if (!totp) throw fail('NO_SECOND_FACTOR');
    if (totp.confirmTime) throw fail('SECOND_FACTOR_ENROLLED');
    const step = await secondFactors.firstStep(call, accountId, totp, code);
    const { codes, hashes } = newRecoveryCodes();
    await turnOn(db, call, step, hashes);
    return { recoveryCodes: codes };
  };
