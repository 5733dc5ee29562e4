import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { disableTotp as turnOff } from '../store/second-factors.js';

type DisableTotp = Handler<typeof AuthServiceDefinition.methods.disableTotp>;

export const disableTotp =
  ({ db }: Context): DisableTotp =>
  async (_, call) => {
    await turnOff(db, call, call.caller.accountId);
    return {};
  };
