import { hkdfSync } from 'node:crypto';
import { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import { PartnerAdminServiceDefinition, PartnerTokenServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import { type Database, openHost, openRedis, originAt, type Running, type Secret } from '@moa/kit';
import type { AuthConfig } from './config.js';
import type { NoMail, Notice } from './domain/mail.js';
import { onAccountClosed } from './events/on-account-closed.js';
import { onSellerApproved } from './events/on-seller-approved.js';
import { onSettlementAccountChanged } from './events/on-settlement-account-changed.js';
import { openFirstAdmin } from './first-admin.js';
import { PrismaClient } from './generated/client.js';
import { type Keyring, openKeyring, verificationKeys } from './keyring.js';
import { mailOf, sqlMail } from './mail/queued-mail.js';
import { sendMail } from './mail/send-mail.js';
import { openSmtp } from './mail/smtp.js';
import { type Flows, openFlows } from './oauth/flows.js';
import { openProviders, type Providers } from './oauth/providers.js';
import { checkForProduction } from './oauth/settings.js';
import { openPasswords, type Passwords } from './passwords.js';
import { accountAdminService, accountService, authService, oauthService, partnerAdminService, partnerTokenService } from './rpc/index.js';
import { openSecondFactors, type SecondFactors } from './second-factor.js';
import { forgetFlows } from './store/oauth-flows.js';
import { forgetTokens } from './store/one-time-tokens.js';
import { findAuthTime, forgetSessions, listRevoked } from './store/sessions.js';
import { openThrottle, type Throttle } from './throttle.js';
import { accessTokenSigner, type IssueTokens, type SignAccessToken, tokenIssuer } from './tokens.js';

const FORGET_EVERY_MS = 3_600_000;
const SIGNING_KEY_CHECKED_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Finds mail that is to be tried again, or that a crash left. A new one is told of at once. */
const POLL_MAIL_MS = 1_000;

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  readonly secondFactors: SecondFactors;
  readonly providers: Providers;
  readonly flows: Flows;
  readonly keyring: Keyring;
  /** Seals answers that show a secret. */
  readonly sealingKey: Secret;
  readonly refreshTokenKey: Buffer;
  readonly signAccessToken: SignAccessToken;
  readonly issueTokens: IssueTokens;
  /** Seals a mail, for the SQL function that queues it in the transaction of its cause. Null for an account without an address. */
  readonly sealMail: (to: string | null, mail: Notice | NoMail) => string | null;
  /** Says after the commit that mail waits. */
  readonly wakeMail: () => void;
}

export async function startAuth(config: AuthConfig): Promise<Running> {
  checkForProduction(config);
  const host = await openHost('auth', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const redis = openRedis(config.REDIS_URL, host);
  const passwords = await openPasswords(host.registry);
  const start = originAt(host.clock.now());
  const sealingKey = config.KEY_ENCRYPTION_KEY;
  const keyring = await openKeyring(db, sealingKey, start);
  const secondFactors = openSecondFactors(db, sealingKey);
  await openFirstAdmin(config, { db, passwords, secondFactors }, start, host.log);

  const providers = openProviders(config, host.log);
  const refreshTokenKey = Buffer.from(hkdfSync('sha256', sealingKey.reveal(), '', 'moa refresh tokens', 32));
  const signAccessToken = accessTokenSigner(keyring, config.ISSUER);
  const issueTokens = tokenIssuer(signAccessToken, refreshTokenKey);
  const throttle = openThrottle(redis, config.REDIS_PREFIX, host.log);
  const sendOut = openSmtp(config.SMTP_URL, config.MAIL_FROM, host);
  const mailJob = host.job('send-mail', POLL_MAIL_MS, sendMail({ db, sealingKey, sendOut }, host));
  const context: Context = {
    db,
    passwords,
    throttle,
    secondFactors,
    providers,
    flows: openFlows(db, providers, sealingKey),
    keyring,
    sealingKey,
    refreshTokenKey,
    signAccessToken,
    issueTokens,
    sealMail: (to, mail) => (to === null ? null : sqlMail(mailOf(sealingKey, { to, ...mail }))),
    wakeMail: mailJob.wake,
  };

  host.verifyTokensWith({
    keys: verificationKeys(keyring, host.clock),
    listRevoked: (since) => listRevoked(db, since, undefined),
    authTimeOf: (sessionId, { at = host.clock.now() }) => findAuthTime(db, sessionId, at),
  });
  host.serve(AuthServiceDefinition, authService(context));
  host.serve(OAuthServiceDefinition, oauthService(context));
  host.serve(AccountAdminServiceDefinition, accountAdminService(context));
  host.serve(AccountServiceDefinition, accountService(context));
  host.serve(PartnerAdminServiceDefinition, partnerAdminService(context));
  host.serve(PartnerTokenServiceDefinition, partnerTokenService(context));
  await host.relay(db);
  host.consume('roles', db, [onSellerApproved]);
  host.consume('notices', db, [onSettlementAccountChanged(context)]);
  host.consume('closing', db, [onAccountClosed]);
  host.job('forget-sessions', FORGET_EVERY_MS, (run) => forgetSessions(db, run));
  host.job('forget-tokens', FORGET_EVERY_MS, (run) => forgetTokens(db, run));
  host.job('forget-flows', FORGET_EVERY_MS, (run) => forgetFlows(db, run));
  host.job('signing-key', SIGNING_KEY_CHECKED_EVERY_MS, (run) => keyring.rotateOld(run, config.SIGNING_KEY_DAYS * DAY_MS));
  return host.listen();
}
