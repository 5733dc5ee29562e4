import type { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import type { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import type { PartnerAdminServiceDefinition, PartnerTokenServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { changePassword } from './change-password.js';
import { confirmTotp } from './confirm-totp.js';
import { createPartnerClient } from './create-partner-client.js';
import { disableTotp } from './disable-totp.js';
import { enrollTotp } from './enroll-totp.js';
import { finishOAuth } from './finish-oauth.js';
import { getAccount } from './get-account.js';
import { getEmail } from './get-email.js';
import { getJwks } from './get-jwks.js';
import { getMyAccount } from './get-my-account.js';
import { getPartnerClient } from './get-partner-client.js';
import { getSession } from './get-session.js';
import { grantRole } from './grant-role.js';
import { issueClientToken } from './issue-client-token.js';
import { linkIdentity } from './link-identity.js';
import { listAuditEntries } from './list-audit-entries.js';
import { listIdentities } from './list-identities.js';
import { listPartnerClients } from './list-partner-clients.js';
import { listProviders } from './list-providers.js';
import { listRevokedSessions } from './list-revoked-sessions.js';
import { listSessions } from './list-sessions.js';
import { reauthenticate } from './reauthenticate.js';
import { refreshToken } from './refresh-token.js';
import { reinstateAccount } from './reinstate-account.js';
import { reinstatePartnerClient } from './reinstate-partner-client.js';
import { replaceRecoveryCodes } from './replace-recovery-codes.js';
import { requestEmailVerification } from './request-email-verification.js';
import { requestPasswordReset } from './request-password-reset.js';
import { resetPassword } from './reset-password.js';
import { revokeRole } from './revoke-role.js';
import { rotatePartnerSecret } from './rotate-partner-secret.js';
import { rotateSigningKey } from './rotate-signing-key.js';
import { signIn } from './sign-in.js';
import { signOut } from './sign-out.js';
import { signOutEverywhere } from './sign-out-everywhere.js';
import { signUp } from './sign-up.js';
import { startLink } from './start-link.js';
import { startOAuth } from './start-oauth.js';
import { suspendAccount } from './suspend-account.js';
import { suspendPartnerClient } from './suspend-partner-client.js';
import { unlinkIdentity } from './unlink-identity.js';
import { updatePartnerClient } from './update-partner-client.js';
import { verifyEmail } from './verify-email.js';
import { verifySecondFactor } from './verify-second-factor.js';

export const authService = (context: Context): Implementation<typeof AuthServiceDefinition> => ({
  signUp: signUp(context),
  signIn: signIn(context),
  verifySecondFactor: verifySecondFactor(context),
  reauthenticate: reauthenticate(context),
  refreshToken: refreshToken(context),
  signOut: signOut(context),
  signOutEverywhere: signOutEverywhere(context),
  listSessions: listSessions(context),
  getMyAccount: getMyAccount(context),
  requestEmailVerification: requestEmailVerification(context),
  verifyEmail: verifyEmail(context),
  requestPasswordReset: requestPasswordReset(context),
  resetPassword: resetPassword(context),
  changePassword: changePassword(context),
  enrollTotp: enrollTotp(context),
  confirmTotp: confirmTotp(context),
  disableTotp: disableTotp(context),
  replaceRecoveryCodes: replaceRecoveryCodes(context),
  getJwks: getJwks(context),
});

export const oauthService = (context: Context): Implementation<typeof OAuthServiceDefinition> => ({
  listProviders: listProviders(context),
  startOAuth: startOAuth(context),
  finishOAuth: finishOAuth(context),
  startLink: startLink(context),
  linkIdentity: linkIdentity(context),
  unlinkIdentity: unlinkIdentity(context),
  listIdentities: listIdentities(context),
});

export const accountAdminService = (context: Context): Implementation<typeof AccountAdminServiceDefinition> => ({
  getAccount: getAccount(context),
  grantRole: grantRole(context),
  revokeRole: revokeRole(context),
  suspendAccount: suspendAccount(context),
  reinstateAccount: reinstateAccount(context),
  rotateSigningKey: rotateSigningKey(context),
  listAuditEntries: listAuditEntries(context),
});

export const partnerAdminService = (context: Context): Implementation<typeof PartnerAdminServiceDefinition> => ({
  createPartnerClient: createPartnerClient(context),
  updatePartnerClient: updatePartnerClient(context),
  rotatePartnerSecret: rotatePartnerSecret(context),
  suspendPartnerClient: suspendPartnerClient(context),
  reinstatePartnerClient: reinstatePartnerClient(context),
  getPartnerClient: getPartnerClient(context),
  listPartnerClients: listPartnerClients(context),
});

export const partnerTokenService = (context: Context): Implementation<typeof PartnerTokenServiceDefinition> => ({
  issueClientToken: issueClientToken(context),
});

export const accountService = (context: Context): Implementation<typeof AccountServiceDefinition> => ({
  getEmail: getEmail(context),
  listRevokedSessions: listRevokedSessions(context),
  getSession: getSession(context),
});
