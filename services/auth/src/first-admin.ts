import type { Database, Host, Origin } from '@moa/kit';
import type { AuthConfig } from './config.js';
import type { PrismaClient } from './generated/client.js';
import type { Passwords } from './passwords.js';
import type { SecondFactors } from './second-factor.js';
import { createAccount, findAccountByEmail, markVerified } from './store/accounts.js';
import { giveTotp } from './store/second-factors.js';

type FirstAdmin = Pick<AuthConfig, 'FIRST_ADMIN_EMAIL' | 'FIRST_ADMIN_PASSWORD' | 'FIRST_ADMIN_TOTP_SECRET'>;

interface Needs {
  readonly db: Database<PrismaClient>;
  readonly passwords: Passwords;
  readonly secondFactors: SecondFactors;
}

/** Opens the account that can make others admins. One that is there stays as it is: whoever signed up first with the address is no admin. */
export async function openFirstAdmin(
  { FIRST_ADMIN_EMAIL: email, FIRST_ADMIN_PASSWORD: password, FIRST_ADMIN_TOTP_SECRET: totpSecret }: FirstAdmin,
  { db, passwords, secondFactors }: Needs,
  origin: Origin,
  log: Host['log'],
): Promise<void> {
  if (!email || !password) return;
  if (!(await findAccountByEmail(db, email))) {
    const passwordHash = await passwords.hash(password.reveal());
    await createAccount(db, origin, { email, passwordHash, roles: ['USER', 'ADMIN'] });
  }
  const account = await findAccountByEmail(db, email);
  if (!account?.roles.includes('ADMIN')) return log.warn('the address of the first admin has an account that is no admin');
  // Whoever runs the house says whose address this is.
  await markVerified(db, origin, account.id);
  if (totpSecret) await giveTotp(db, origin, account.id, secondFactors.seal(account.id, totpSecret.reveal()));
}
