import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { accountToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findAccount, findPassword } from '../store/accounts.js';
import { countRecoveryCodes, hasSecondFactor } from '../store/second-factors.js';

type GetMyAccount = Handler<typeof AuthServiceDefinition.methods.getMyAccount>;

export const getMyAccount =
  ({ db }: Context): GetMyAccount =>
  async (_, { caller: { accountId } }) => {
    const [account, password, isEnrolled, recoveryCodes] = await Promise.all([
      findAccount(db, accountId),
      findPassword(db, accountId),
      hasSecondFactor(db, accountId),
      countRecoveryCodes(db, accountId),
    ]);
    if (!account) throw fail('ACCOUNT_NOT_FOUND');
    return { account: accountToProto(account), hasPassword: password !== null, hasSecondFactor: isEnrolled, recoveryCodes };
  };
