import { type Call, type Database, type Origin, sqlCall, write } from '@moa/kit';
import { FIRST_DELAY_MS, FREE_TRIES, LONGEST_DELAY_MS } from '../domain/second-factor.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';

export interface TotpRow {
  readonly sealedSecret: Uint8Array;
  /** Null: it waits for its first code. */
  readonly confirmTime: Date | null;
}

export const findTotp = (db: Database<PrismaClient>, accountId: string): Promise<TotpRow | null> =>
  db.client.totp.findUnique({ where: { accountId }, select: { sealedSecret: true, confirmTime: true } });

export async function hasSecondFactor(db: Database<PrismaClient>, accountId: string): Promise<boolean> {
  return ((await findTotp(db, accountId))?.confirmTime ?? null) !== null;
}

export const countRecoveryCodes = (db: Database<PrismaClient>, accountId: string): Promise<number> =>
  db.client.recoveryCode.count({ where: { accountId } });

/** Counts a try. 0: go on; otherwise how long to wait, in milliseconds. */
export async function trySecondFactor(db: Database<PrismaClient>, { at, trace }: Origin, accountId: string): Promise<number> {
  const [row] = await db.client.$queryRaw<[{ waitMs: number | null }]>`
    SELECT extract(epoch FROM try_second_factor(${sqlCall({ at, trace })}::jsonb, ${accountId}::uuid, ${FREE_TRIES}::integer,
      ${FIRST_DELAY_MS}::integer * interval '1 millisecond', ${LONGEST_DELAY_MS}::integer * interval '1 millisecond'))::double precision * 1000 AS "waitMs"`;
  return row.waitMs ?? 0;
}

/** Takes the code of a step: false when that or a later one was taken before. */
export async function takeTotpStep(db: Database<PrismaClient>, { at, trace }: Origin, accountId: string, step: number): Promise<boolean> {
  const [row] = await db.client.$queryRaw<[{ taken: boolean }]>`
    SELECT take_totp_step(${sqlCall({ at, trace })}::jsonb, ${accountId}::uuid, ${step}::bigint) AS taken`;
  return row.taken;
}

/** Takes a recovery code, once. */
export async function takeRecoveryCode(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  accountId: string,
  codeHash: Uint8Array,
): Promise<boolean> {
  const [row] = await db.client.$queryRaw<[{ taken: boolean }]>`
    SELECT take_recovery_code(${sqlCall({ at, trace })}::jsonb, ${accountId}::uuid, ${codeHash}::bytea) AS taken`;
  return row.taken;
}

/** A secret that waits for its first code. Throws SECOND_FACTOR_ENROLLED. */
export async function enrollTotp(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  accountId: string,
  sealedSecret: Uint8Array,
): Promise<void> {
  const call = sqlCall({ at, trace });
  await write(db, fail, Prisma.sql`SELECT enroll_totp(${call}::jsonb, ${accountId}::uuid, ${sealedSecret}::bytea)::text`);
}

/** A secret that counts from the start, unless the account has one. */
export async function giveTotp(db: Database<PrismaClient>, { at }: Origin, accountId: string, sealedSecret: Uint8Array): Promise<void> {
  await db.client.$queryRaw`
    INSERT INTO totp (account_id, sealed_secret, confirm_time, create_time)
      VALUES (${accountId}::uuid, ${sealedSecret}::bytea, ${at}, ${at}) ON CONFLICT DO NOTHING`;
}

/** Turns the second factor on. Throws SECOND_FACTOR_ENROLLED. */
export async function confirmTotp(
  db: Database<PrismaClient>,
  { at, trace, caller }: Call,
  step: number,
  recoveryHashes: readonly Uint8Array[],
  addedMail: string | null,
): Promise<void> {
  await write(
    db,
    fail,
    Prisma.sql`SELECT confirm_totp(${sqlCall({ at, trace })}::jsonb, ${caller.accountId}::uuid, ${caller.sessionId}::uuid, ${step}::bigint,
      ${recoveryHashes}::bytea[], ${addedMail}::jsonb)::text`,
  );
}

/** Throws SECOND_FACTOR_STAYS for staff, and NO_SECOND_FACTOR. */
export async function disableTotp(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  accountId: string,
  removedMail: string | null,
): Promise<void> {
  const call = sqlCall({ at, trace });
  await write(db, fail, Prisma.sql`SELECT disable_totp(${call}::jsonb, ${accountId}::uuid, ${removedMail}::jsonb)::text`);
}

export async function replaceRecoveryCodes(
  db: Database<PrismaClient>,
  accountId: string,
  recoveryHashes: readonly Uint8Array[],
): Promise<void> {
  await db.client.$queryRaw`SELECT replace_recovery_codes(${accountId}::uuid, ${recoveryHashes}::bytea[])::text`;
}
