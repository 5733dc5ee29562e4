import { fail } from '../errors.js';

/** An address as it is compared: nobody has two accounts that differ in capitals. */
export const emailKeyOf = (email: string): string => email.normalize('NFKC').toLowerCase();

/** What hangs on an address waits until its owner has shown to read it: anybody can sign up with somebody else's. */
export function checkEmailVerified({
  email,
  emailVerifyTime,
}: {
  readonly email: string | null;
  readonly emailVerifyTime: Date | null;
}): void {
  if (email !== null && emailVerifyTime === null) throw fail('EMAIL_NOT_VERIFIED');
}
