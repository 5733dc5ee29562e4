import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { type Handler, roleName } from '@moa/kit';
import { accountToProto } from '../convert.js';
import { checkRevoke, type RoleName } from '../domain/roles.js';
import type { Context } from '../service.js';
import { changeRole } from '../store/accounts.js';

type RevokeRole = Handler<typeof AccountAdminServiceDefinition.methods.revokeRole>;

export const revokeRole =
  ({ db }: Context): RevokeRole =>
  async ({ accountId, role: revoked, reason = '' }, call) => {
    const role = checkRevoke(roleName(revoked) as RoleName);
    return { account: accountToProto(await changeRole(db, call, accountId, { role, present: false, reason })) };
  };
