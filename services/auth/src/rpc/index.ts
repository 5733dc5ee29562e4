import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import type { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { getAccount } from './get-account.js';
import { getEmail } from './get-email.js';
import { getJwks } from './get-jwks.js';
import { getSession } from './get-session.js';
import { grantRole } from './grant-role.js';
import { listRevokedSessions } from './list-revoked-sessions.js';
import { refreshToken } from './refresh-token.js';
import { revokeRole } from './revoke-role.js';
import { rotateSigningKey } from './rotate-signing-key.js';
import { signIn } from './sign-in.js';
import { signOut } from './sign-out.js';
import { signUp } from './sign-up.js';

export const authService = (context: Context): Implementation<typeof AuthServiceDefinition> => ({
  signUp: signUp(context),
  signIn: signIn(context),
  refreshToken: refreshToken(context),
  signOut: signOut(context),
  getJwks: getJwks(context),
});

export const accountAdminService = (context: Context): Implementation<typeof AccountAdminServiceDefinition> => ({
  getAccount: getAccount(context),
  grantRole: grantRole(context),
  revokeRole: revokeRole(context),
  rotateSigningKey: rotateSigningKey(context),
});

export const accountService = (context: Context): Implementation<typeof AccountServiceDefinition> => ({
  getEmail: getEmail(context),
  listRevokedSessions: listRevokedSessions(context),
  getSession: getSession(context),
});
