import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { type Handler, roleName } from '@moa/kit';
import { accountToProto } from '../convert.js';
import { checkGrant, type RoleName } from '../domain/roles.js';
import type { Context } from '../service.js';
import { changeRole } from '../store/accounts.js';

type GrantRole = Handler<typeof AccountAdminServiceDefinition.methods.grantRole>;

export const grantRole =
  ({ db }: Context): GrantRole =>
  async ({ accountId, role: granted, reason = '' }, call) => {
    const role = checkGrant(roleName(granted) as RoleName);
    return { account: accountToProto(await changeRole(db, call, accountId, { role, present: true, reason })) };
  };
