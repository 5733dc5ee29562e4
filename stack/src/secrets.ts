// Passwords and keys of this machine: each made when it is first asked for, kept in one file that only its owner reads.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Secret } from 'otpauth';

export interface Secrets {
  /** A password or key by name: 32 random bytes in URL-safe base64 without padding. */
  of(name: string): string;
  /** A 32-byte AES key by name, in base64. */
  keyOf(name: string): string;
  /** A secret of an authenticator app by name, in base32. */
  totpOf(name: string): string;
}

export function openSecrets(file: string): Secrets {
  const kept: Record<string, string> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const once = (name: string, make: () => string): string => {
    if (kept[name] === undefined) {
      kept[name] = make();
      writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
      renameSync(`${file}.new`, file);
    }
    return kept[name];
  };
  return {
    of: (name) => once(name, () => randomBytes(32).toString('base64url')),
    keyOf: (name) => once(name, () => randomBytes(32).toString('base64')),
    totpOf: (name) => once(name, () => new Secret().base32),
  };
}
