import type { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import type { Handler } from '@moa/kit';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findAccount } from '../store/accounts.js';

type GetEmail = Handler<typeof AccountServiceDefinition.methods.getEmail>;

export const getEmail =
  ({ db }: Context): GetEmail =>
  async ({ accountId }) => {
    const account = await findAccount(db, accountId);
    if (!account) throw fail('ACCOUNT_NOT_FOUND');
    return { email: account.email ?? '' };
  };
