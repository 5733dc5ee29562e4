import { type Database, newId, type Origin, sqlCall, write } from '@moa/kit';
import { emailKeyOf } from '../domain/email.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';
import type { Vouched } from '../oauth/providers.js';

type Db = Database<PrismaClient>;

/** What its owner may see of an identity. */
export interface IdentityRow {
  readonly id: string;
  readonly provider: string;
  readonly issuer: string;
  readonly createTime: Date;
}

/** The account of an identity, which is opened for a new one. Throws EMAIL_IN_USE when the address of a new one has an account. */
export async function admitIdentity(db: Db, { at, trace }: Origin, { provider, issuer, subject, email }: Vouched): Promise<string> {
  const [row] = await write<{ accountId: string }>(
    db,
    fail,
    Prisma.sql`SELECT admit_identity(${sqlCall({ at, trace })}::jsonb, ${issuer}, ${subject}, ${provider}, ${newId()}::uuid, ${newId()}::uuid,
      ${email}, ${email === null ? null : emailKeyOf(email)}) AS "accountId"`,
  );
  return row!.accountId;
}

/** Throws IDENTITY_IN_USE when it is another account's. */
export async function linkIdentity(
  db: Db,
  { at, trace }: Origin,
  accountId: string,
  { provider, issuer, subject }: Vouched,
  mail: string | null,
): Promise<IdentityRow> {
  const [row] = await write<IdentityRow>(
    db,
    fail,
    Prisma.sql`SELECT id, provider, issuer, create_time AS "createTime" FROM link_identity(${sqlCall({ at, trace })}::jsonb, ${accountId}::uuid,
      ${issuer}, ${subject}, ${provider}, ${newId()}::uuid, ${mail}::jsonb)`,
  );
  return row!;
}

/** Throws IDENTITY_NOT_FOUND, also for another account's, and LAST_SIGN_IN_METHOD. */
export async function unlinkIdentity(db: Db, { at, trace }: Origin, accountId: string, id: string, mail: string | null): Promise<void> {
  const call = sqlCall({ at, trace });
  await write(db, fail, Prisma.sql`SELECT unlink_identity(${call}::jsonb, ${accountId}::uuid, ${id}::uuid, ${mail}::jsonb)::text`);
}

/** Identities of an account, the newest first. */
export const listIdentities = (db: Db, accountId: string, after: string | undefined, limit: number): Promise<IdentityRow[]> =>
  db.client.identity.findMany({
    where: { accountId, ...(after && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: limit,
    select: { id: true, provider: true, issuer: true, createTime: true },
  });
