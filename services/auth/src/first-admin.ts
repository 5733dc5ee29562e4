import type { Database, Host, Origin } from '@moa/kit';
import type { AuthConfig } from './config.js';
import type { PrismaClient } from './generated/client.js';
import type { Passwords } from './passwords.js';
import { createAccount, findAccountByEmail } from './store/accounts.js';

type FirstAdmin = Pick<AuthConfig, 'FIRST_ADMIN_EMAIL' | 'FIRST_ADMIN_PASSWORD'>;

/** Opens the account that can make others admins. One that is there stays as it is: whoever signed up first with the address is no admin. */
export async function openFirstAdmin(
  { FIRST_ADMIN_EMAIL: email, FIRST_ADMIN_PASSWORD: password }: FirstAdmin,
  db: Database<PrismaClient>,
  passwords: Passwords,
  origin: Origin,
  log: Host['log'],
): Promise<void> {
  if (!email || !password) return;
  const existing = await findAccountByEmail(db, email);
  if (existing && !existing.roles.includes('ADMIN')) log.warn('the address of the first admin has an account that is no admin');
  if (existing) return;
  const passwordHash = await passwords.hash(password.reveal());
  await createAccount(db, origin, { email, passwordHash, roles: ['USER', 'ADMIN'] });
}
