// Second factors: codes of an authenticator app (RFC 6238, with the parameters that every app knows), and recovery codes for who has
// lost it. Everything random comes in as an argument.
import { createHash } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

const STEP_S = 30;
const DIGITS = 6;
// Clocks of phones differ, and people type slowly: the step before and the one after count, too.
const WINDOW_STEPS = 1;
export const SECRET_BYTES = 20;
export const RECOVERY_CODES = 10;
export const RECOVERY_CODE_BYTES = 10;

/** How long a challenge is good, and how often. */
export const CHALLENGE_MS = 5 * 60_000;
export const CHALLENGE_TRIES = 5;
/** Wrong codes that cost nothing; each further one makes the next wait twice as long. Only who has the password gets that far. */
export const FREE_TRIES = 5;
export const FIRST_DELAY_MS = 2_000;
export const LONGEST_DELAY_MS = 15 * 60_000;

/** The secret as people type it in. */
export const base32Of = (bytes: Uint8Array): string => new Secret({ buffer: Uint8Array.from(bytes).buffer }).base32;

/** The secret as apps read it from a QR code. `label` says whose it is. */
export const totpUri = (secret: string, label: string): string => totpOf(secret, label).toString();

/** The step that a code belongs to, if it is one of now. */
export function stepOf(secret: string, code: string, at: Date): number | undefined {
  const delta = totpOf(secret).validate({ token: code, timestamp: at.getTime(), window: WINDOW_STEPS });
  return delta === null ? undefined : Math.floor(at.getTime() / 1000 / STEP_S) + delta;
}

export const isTotpCode = (code: string): boolean => /^[0-9]{6}$/.test(code);

/** A recovery code as it is shown: "k7wq-2mzp-x3vd-r5tn". */
export const recoveryCodeOf = (bytes: Uint8Array): string =>
  base32Of(bytes)
    .toLowerCase()
    .replace(/(.{4})(?=.)/g, '$1-');

/** What is stored of a recovery code, however it was typed. */
export const recoveryHashOf = (code: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    createHash('sha256')
      .update(code.toLowerCase().replace(/[^a-z2-7]/g, ''))
      .digest(),
  );

const totpOf = (secret: string, label = '') =>
  new TOTP({ issuer: 'Moa', label, secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: DIGITS, period: STEP_S });
