import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import type { Handler } from '@moa/kit';
import { accountToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findAccount, findAccountByEmail } from '../store/accounts.js';

type GetAccount = Handler<typeof AccountAdminServiceDefinition.methods.getAccount>;

export const getAccount =
  ({ db }: Context): GetAccount =>
  async ({ by }) => {
    const account = by?.$case === 'email' ? await findAccountByEmail(db, by.value) : await findAccount(db, by!.value);
    if (!account) throw fail('ACCOUNT_NOT_FOUND');
    return { account: accountToProto(account) };
  };
