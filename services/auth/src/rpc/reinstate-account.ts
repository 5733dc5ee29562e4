import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import type { Handler } from '@moa/kit';
import { accountToProto } from '../convert.js';
import type { Context } from '../service.js';
import { changeState } from '../store/accounts.js';

type ReinstateAccount = Handler<typeof AccountAdminServiceDefinition.methods.reinstateAccount>;

export const reinstateAccount =
  ({ db }: Context): ReinstateAccount =>
  async ({ accountId, reason = '' }, call) => ({ account: accountToProto(await changeState(db, call, accountId, 'ACTIVE', reason)) });
