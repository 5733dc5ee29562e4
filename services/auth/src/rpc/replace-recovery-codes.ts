import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { fail } from '../errors.js';
import { newRecoveryCodes } from '../second-factor.js';
import type { Context } from '../service.js';
import { hasSecondFactor, replaceRecoveryCodes as keepCodes } from '../store/second-factors.js';

type ReplaceRecoveryCodes = Handler<typeof AuthServiceDefinition.methods.replaceRecoveryCodes>;

export const replaceRecoveryCodes =
  ({ db }: Context): ReplaceRecoveryCodes =>
  async (_, { caller: { accountId } }) => {
    if (!(await hasSecondFactor(db, accountId))) throw fail('NO_SECOND_FACTOR');
    const { codes, hashes } = newRecoveryCodes();
    await keepCodes(db, accountId, hashes);
    return { recoveryCodes: codes };
  };
