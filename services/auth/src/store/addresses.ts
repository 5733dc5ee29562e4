// What goes by mail: sign-ups, verified addresses, and new passwords. Each is one SQL function, which queues its mail as well.
import { type Call, type Database, newId, type Origin, sqlCall, write } from '@moa/kit';
import { emailKeyOf } from '../domain/email.js';
import { RESET_MINUTES, UNASKED_MAIL_GAP_MS, VERIFY_MINUTES } from '../domain/mail.js';
import { oneTimeHashOf } from '../domain/one-time-token.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';

type Db = Database<PrismaClient>;

export interface SignUp {
  readonly email: string;
  readonly passwordHash: string;
  readonly token: string;
  /** Sealed: with the token, to who has an account already, and to nobody. */
  readonly mails: { readonly verify: string | null; readonly exists: string | null; readonly none: string | null };
}

/** Opens an account, unless the address has one: that stays as it is, and its owner is told. */
export async function signUpAccount(db: Db, { at, trace }: Origin, { email, passwordHash, token, mails }: SignUp): Promise<void> {
  // Without the call's claim: the hash of a body with a password in it must not lie in a table.
  await write(
    db,
    fail,
    Prisma.sql`SELECT sign_up(${sqlCall({ at, trace })}::jsonb, ${newId()}::uuid, ${email}, ${emailKeyOf(email)}, ${passwordHash},
      ${oneTimeHashOf(token)}::bytea, ${VERIFY_MINUTES}::integer * interval '1 minute', ${GAP}, ${mails.verify}::jsonb, ${mails.exists}::jsonb,
      ${mails.none}::jsonb)::text`,
  );
}

export async function requestVerification(db: Db, { at, trace, caller }: Call, token: string, mail: string | null): Promise<void> {
  await write(
    db,
    fail,
    Prisma.sql`SELECT request_verification(${sqlCall({ at, trace })}::jsonb, ${caller.accountId}::uuid, ${oneTimeHashOf(token)}::bytea,
      ${VERIFY_MINUTES}::integer * interval '1 minute', ${GAP}, ${mail}::jsonb)::text`,
  );
}

/** Throws VERIFICATION_REFUSED, also for the token of another account. */
export async function verifyEmail(db: Db, { at, trace, caller }: Call, token: string): Promise<void> {
  const call = sqlCall({ at, trace });
  await write(db, fail, Prisma.sql`SELECT verify_email(${call}::jsonb, ${caller.accountId}::uuid, ${oneTimeHashOf(token)}::bytea)::text`);
}

/** `accountId` is undefined for an address that nobody has: the same is done to no end. */
export async function requestPasswordReset(
  db: Db,
  { at, trace }: Origin,
  accountId: string | undefined,
  token: string,
  mails: { readonly reset: string | null; readonly none: string | null },
): Promise<void> {
  await write(
    db,
    fail,
    Prisma.sql`SELECT request_password_reset(${sqlCall({ at, trace })}::jsonb, ${accountId ?? null}::uuid, ${oneTimeHashOf(token)}::bytea,
      ${RESET_MINUTES}::integer * interval '1 minute', ${GAP}, ${mails.reset}::jsonb, ${mails.none}::jsonb)::text`,
  );
}

/** Throws RESET_TOKEN_REFUSED. */
export async function resetPassword(
  db: Db,
  { at, trace }: Origin,
  token: string,
  passwordHash: string,
  mail: string | null,
): Promise<void> {
  const call = sqlCall({ at, trace });
  await write(
    db,
    fail,
    Prisma.sql`SELECT reset_password(${call}::jsonb, ${oneTimeHashOf(token)}::bytea, ${passwordHash}, ${mail}::jsonb)::text`,
  );
}

/** The session that changes it stays; the others end. */
export async function changePassword(db: Db, { at, trace, caller }: Call, passwordHash: string, mail: string | null): Promise<void> {
  await write(
    db,
    fail,
    Prisma.sql`SELECT change_password(${sqlCall({ at, trace })}::jsonb, ${caller.accountId}::uuid, ${caller.sessionId}::uuid, ${passwordHash},
      ${mail}::jsonb)::text`,
  );
}

const GAP = Prisma.sql`${UNASKED_MAIL_GAP_MS}::integer * interval '1 millisecond'`;
