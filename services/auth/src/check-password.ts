import type { Call } from '@moa/kit';
import { fail } from './errors.js';
import type { Context } from './service.js';
import { findPassword } from './store/accounts.js';

/** The password of somebody who is signed in, asked for again: as slow for guesses as a sign-in. Throws PASSWORD_REFUSED, PASSWORD_MISSING. */
export async function checkPassword(
  { db, passwords, throttle }: Pick<Context, 'db' | 'passwords' | 'throttle'>,
  call: Call,
  accountId: string,
  password: string,
): Promise<void> {
  const stored = await findPassword(db, accountId);
  if (stored === null) throw fail('PASSWORD_MISSING');
  const attempt = { account: accountId, call };
  const waitMs = await throttle.attempt(attempt);
  if (waitMs > 0) throw fail('SIGN_IN_THROTTLED', {}, { retryAfterMs: waitMs });
  if (!(await passwords.matches(stored, password, call.signal))) throw fail('PASSWORD_REFUSED');
  await throttle.succeeded(attempt);
}
