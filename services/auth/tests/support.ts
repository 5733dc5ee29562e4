import { randomBytes, randomUUID } from 'node:crypto';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { AccountAdminServiceDefinition } from '@moa/contracts/auth/v1/account_admin_service';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import { PartnerAdminServiceDefinition, PartnerTokenServiceDefinition } from '@moa/contracts/auth/v1/partner_service';
import type { Role } from '@moa/contracts/options/v1/options';
import { type Running, readConfig } from '@moa/kit';
import { openTestbed, until } from '@moa/testkit';
import { Secret, TOTP } from 'otpauth';
import pg from 'pg';
import { variables } from '../src/config.js';
import { startAuth } from '../src/service.js';
import { openMailbox } from './mailbox.js';

export const ADMIN = { email: 'admin@moa.example', password: 'the first admin of all', totpSecret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' };
// So long an admin's token is used again: a code of the app is good once in 30 seconds.
const ADMIN_TOKEN_MS = 5 * 60_000;
export const PASSWORD = '비밀번호 하나 둘 셋';

/** A real auth in a bed of its own, as Envoy sees it. */
export async function openAuth(name: string, ofItsOwn: Record<string, string> = {}) {
  const bed = await openTestbed(name);
  const mailbox = await openMailbox();
  const environment = {
    ...(await bed.environment('auth')),
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    SMTP_URL: mailbox.smtpUrl,
    MAIL_FROM: 'Moa <no-reply@moa.example>',
    FIRST_ADMIN_EMAIL: ADMIN.email,
    FIRST_ADMIN_PASSWORD: ADMIN.password,
    FIRST_ADMIN_TOTP_SECRET: ADMIN.totpSecret,
    ...ofItsOwn,
  };
  const database = new pg.Pool({ connectionString: await bed.databaseUrl('auth'), max: 2 });
  const copies: Running[] = [];

  /** Another copy of the service, on the same stores. */
  async function start(changes: Record<string, string> = {}) {
    const running = await startAuth(readConfig(variables, { ...environment, ...changes }));
    copies.push(running);
    return {
      auth: bed.connect(AuthServiceDefinition, running.address),
      oauth: bed.connect(OAuthServiceDefinition, running.address),
      admin: bed.connect(AccountAdminServiceDefinition, running.address),
      partners: bed.connect(PartnerAdminServiceDefinition, running.address),
      partnerTokens: bed.connect(PartnerTokenServiceDefinition, running.address),
      accounts: bed.connect(AccountServiceDefinition, running.address, { as: 'user' }),
      address: running.address,
      metricsAddress: running.metricsAddress,
      stop: async () => {
        copies.splice(copies.indexOf(running), 1);
        await running.stop();
      },
    };
  }

  const first = await start();

  async function signUp(email = `${randomUUID()}@moa.example`, password = PASSWORD): Promise<string> {
    await first.auth.signUp({ requestId: randomUUID(), email, password });
    return email;
  }

  async function signIn(email: string, password = PASSWORD) {
    const { tokens, account } = await first.auth.signIn({ email, password, device: '' });
    return { tokens: tokens!, account: account! };
  }

  /** Somebody with a second factor, in two steps as a person does it. */
  async function signInWithCode(email: string, password: string, code: string, { auth } = first) {
    const { secondFactorChallenge: challenge } = await auth.signIn({ email, password, device: '' });
    const { tokens, account } = await auth.verifySecondFactor({ challenge, code, device: '' });
    return { tokens: tokens!, account: account! };
  }

  let admin: { readonly as: Metadata; readonly sinceMs: number } | undefined;
  async function asAdmin(): Promise<Metadata> {
    const nowMs = bed.now().getTime();
    if (admin && Math.abs(nowMs - admin.sinceMs) < ADMIN_TOKEN_MS) return admin.as;
    const { tokens } = await signInWithCode(ADMIN.email, ADMIN.password, codeOf(ADMIN.totpSecret, bed.now()));
    admin = { as: bearer(tokens.accessToken), sinceMs: nowMs };
    return admin.as;
  }

  /** Somebody who has one of the roles that ask for a second factor, and has passed one. */
  async function staff(role: Role) {
    const email = await signUp();
    const { account, tokens } = await signIn(email);
    await first.admin.grantRole({ requestId: randomUUID(), accountId: account.id, role }, await asAdmin());
    await database.query('UPDATE session SET has_second_factor = true WHERE account_id = $1', [account.id]);
    const refreshed = await first.auth.refreshToken({ refreshToken: tokens.refreshToken });
    return { id: account.id, email, as: bearer(refreshed.tokens!.accessToken) };
  }

  /** Starts work, and lets it go on once so many wait for what a statement locks or changes; that is then committed. Gives its outcome. */
  async function meetAt<T>(statement: string, count: number, start: () => Promise<T>): Promise<T> {
    const holder = new pg.Client({ connectionString: await bed.databaseUrl('auth') });
    const waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(statement);
      const started = start();
      await until(async () => (await database.query(waiting)).rowCount === count);
      await holder.query('COMMIT');
      return await started;
    } finally {
      await holder.end();
    }
  }

  return {
    ...first,
    bed,
    database,
    environment,
    mailbox,
    /** The mails to an address, newest first, once there are as many (one). */
    mails: mailbox.mails,
    start,
    signUp,
    signIn,
    signInWithCode,
    asAdmin,
    staff,
    meetAt,
    async close() {
      await Promise.all(copies.map((copy) => copy.stop()));
      await database.end();
      await mailbox.close();
      await bed.close();
    },
  };
}

/** What an authenticator app shows at a time. */
export const codeOf = (secret: string, at: Date): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: at.getTime() });

export function bearer(accessToken: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${accessToken}`);
  return metadata;
}

/** The error that a call must end with. */
export async function refusal(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.then(
    () => undefined,
    (error) => error,
  );
  if (outcome === undefined) throw new Error('was not refused');
  return outcome;
}
