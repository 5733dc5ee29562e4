import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { findEmail } from '../store/accounts.js';
import { disableTotp as turnOff } from '../store/second-factors.js';

type DisableTotp = Handler<typeof AuthServiceDefinition.methods.disableTotp>;

export const disableTotp =
  ({ db, sealMail, wakeMail }: Context): DisableTotp =>
  async (_, call) => {
    const { accountId } = call.caller;
    const email = await findEmail(db, accountId);
    await turnOff(db, call, accountId, sealMail(email, { kind: 'SIGN_IN_METHOD_CHANGED', what: 'SECOND_FACTOR_REMOVED' }));
    wakeMail();
    return {};
  };
