/** From the start of a flow until the browser has to be back. */
export const FLOW_MS = 10 * 60_000;

const EMAIL_LENGTH_AT_MOST = 254;
const EMAIL = /^[^@\s]+@[^@\s]+$/;

/** The address in a provider's claims, if it says that the person reads what is sent there: anything short of a plain true is a no. */
export function verifiedEmailIn({ email, email_verified: isVerified }: Readonly<Record<string, unknown>>): string | null {
  if (isVerified !== true || typeof email !== 'string' || email.length > EMAIL_LENGTH_AT_MOST) return null;
  return EMAIL.test(email) ? email : null;
}
