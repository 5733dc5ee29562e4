// The second factor of an account: its secret opened, its codes checked, each code taken once, and wrong ones slowed down.
import { randomBytes } from 'node:crypto';
import { type Database, type Origin, type Secret, seal, unseal } from '@moa/kit';
import {
  base32Of,
  isTotpCode,
  RECOVERY_CODE_BYTES,
  RECOVERY_CODES,
  recoveryCodeOf,
  recoveryHashOf,
  SECRET_BYTES,
  stepOf,
} from './domain/second-factor.js';
import { fail } from './errors.js';
import type { PrismaClient } from './generated/client.js';
import { findTotp, type TotpRow, takeRecoveryCode, takeTotpStep, trySecondFactor } from './store/second-factors.js';

export interface SecondFactors {
  /** A new secret, in base32 and sealed for its account. */
  newSecret(accountId: string): { secret: string; sealed: Uint8Array };
  /** The same for a secret that is given. */
  seal(accountId: string, secret: string): Uint8Array;
  /** The step of a code, for a secret that waits for its first one. Throws CODE_REFUSED, and CODES_THROTTLED. */
  firstStep(origin: Origin, accountId: string, totp: TotpRow, code: string): Promise<number>;
  /** Takes a code of the app or a recovery code. Throws CODE_REFUSED, CODES_THROTTLED, and NO_SECOND_FACTOR. */
  take(origin: Origin, accountId: string, code: string): Promise<void>;
}

export function openSecondFactors(db: Database<PrismaClient>, sealingKey: Secret): SecondFactors {
  const open = (accountId: string, { sealedSecret }: TotpRow) => unseal(sealingKey, sealedSecret, contextOf(accountId));
  const sealFor = (accountId: string, secret: string) => seal(sealingKey, secret, contextOf(accountId));

  async function countTry(origin: Origin, accountId: string): Promise<void> {
    const waitMs = await trySecondFactor(db, origin, accountId);
    if (waitMs > 0) throw fail('CODES_THROTTLED', {}, { retryAfterMs: waitMs });
  }

  return {
    newSecret(accountId) {
      const secret = base32Of(randomBytes(SECRET_BYTES));
      return { secret, sealed: sealFor(accountId, secret) };
    },
    seal: sealFor,
    async firstStep(origin, accountId, totp, code) {
      await countTry(origin, accountId);
      const step = stepOf(open(accountId, totp), code, origin.at);
      if (step === undefined) throw fail('CODE_REFUSED');
      return step;
    },
    async take(origin, accountId, code) {
      const totp = await findTotp(db, accountId);
      if (!totp?.confirmTime) throw fail('NO_SECOND_FACTOR');
      await countTry(origin, accountId);
      const step = isTotpCode(code) ? stepOf(open(accountId, totp), code, origin.at) : undefined;
      const taken =
        step === undefined
          ? await takeRecoveryCode(db, origin, accountId, recoveryHashOf(code))
          : await takeTotpStep(db, origin, accountId, step);
      if (!taken) throw fail('CODE_REFUSED');
    },
  };
}

/** Recovery codes, as they are shown once and as they are stored. */
export function newRecoveryCodes(): { codes: string[]; hashes: Uint8Array[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, () => recoveryCodeOf(randomBytes(RECOVERY_CODE_BYTES)));
  return { codes, hashes: codes.map(recoveryHashOf) };
}

const contextOf = (accountId: string) => `totp:${accountId}`;
