import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { verifyEmail as spendVerification } from '../store/addresses.js';

type VerifyEmail = Handler<typeof AuthServiceDefinition.methods.verifyEmail>;

export const verifyEmail =
  ({ db }: Context): VerifyEmail =>
  async ({ token }, call) => {
    await spendVerification(db, call, token);
    return {};
  };
