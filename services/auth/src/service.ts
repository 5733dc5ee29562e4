import { hkdfSync } from 'node:crypto';
import { AccountAdminServiceDefinition, AccountServiceDefinition, AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { type Database, openHost, originAt, type Running } from '@moa/kit';
import type { AuthConfig } from './config.js';
import type { Mail } from './domain/mail.js';
import { onSellerApproved } from './events/on-seller-approved.js';
import { openFirstAdmin } from './first-admin.js';
import { PrismaClient } from './generated/client.js';
import { type Keyring, openKeyring, verificationKeys } from './keyring.js';
import { mailOf, type QueuedMail } from './mail/queued-mail.js';
import { sendMail } from './mail/send-mail.js';
import { openSmtp } from './mail/smtp.js';
import { openPasswords, type Passwords } from './passwords.js';
import { openRedis } from './redis.js';
import { accountAdminService, accountService, authService } from './rpc/index.js';
import { forgetSessions } from './store/sessions.js';
import { openThrottle, type Throttle } from './throttle.js';
import { type IssueTokens, tokenIssuer } from './tokens.js';

const FORGET_SESSIONS_EVERY_MS = 3_600_000;
/** Finds mail that is to be tried again, or that a crash left. A new one is told of at once. */
const POLL_MAIL_MS = 1_000;

export interface Context {
  readonly db: Database<PrismaClient>;
  readonly passwords: Passwords;
  readonly throttle: Throttle;
  readonly keyring: Keyring;
  readonly refreshTokenKey: Buffer;
  readonly issueTokens: IssueTokens;
  /** Seals a mail, for queue_mail in the transaction of its cause. */
  readonly sealMail: (mail: Mail) => QueuedMail;
  /** Says after the commit that mail waits. */
  readonly wakeMail: () => void;
}

export async function startAuth(config: AuthConfig): Promise<Running> {
  const host = await openHost('auth', config);
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const redis = openRedis(config.REDIS_URL, host);
  const passwords = await openPasswords(host.registry);
  const start = originAt(host.clock.now());
  const keyring = await openKeyring(db, config.KEY_ENCRYPTION_KEY, start);
  await openFirstAdmin(config, db, passwords, start, host.log);

  const refreshTokenKey = Buffer.from(hkdfSync('sha256', config.KEY_ENCRYPTION_KEY.reveal(), '', 'moa refresh tokens', 32));
  const issueTokens = tokenIssuer(keyring, config.ISSUER, refreshTokenKey);
  const throttle = openThrottle(redis, config.REDIS_PREFIX, host.log);
  const sealingKey = config.KEY_ENCRYPTION_KEY;
  const sendOut = openSmtp(config.SMTP_URL, config.MAIL_FROM, host);
  const mailJob = host.job('send-mail', POLL_MAIL_MS, sendMail({ db, sealingKey, sendOut }, host));
  const context: Context = {
    db,
    passwords,
    throttle,
    keyring,
    refreshTokenKey,
    issueTokens,
    sealMail: (mail) => mailOf(sealingKey, mail),
    wakeMail: mailJob.wake,
  };

  host.verifyTokensWith(verificationKeys(keyring, host.clock));
  host.serve(AuthServiceDefinition, authService(context));
  host.serve(AccountAdminServiceDefinition, accountAdminService(context));
  host.serve(AccountServiceDefinition, accountService(context));
  await host.relay(db);
  host.consume('roles', db, [onSellerApproved]);
  host.job('forget-sessions', FORGET_SESSIONS_EVERY_MS, (run) => forgetSessions(db, run));
  return host.listen();
}
