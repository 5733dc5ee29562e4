import { type Call, type Database, newId, type Origin, sqlCall, type Transaction, write } from '@moa/kit';
import { emailKeyOf } from '../domain/email.js';
import type { RoleName } from '../domain/roles.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';

/** What others may see of an account. */
export interface AccountRow {
  readonly id: string;
  /** Null for one that came by another issuer without an address. */
  readonly email: string | null;
  readonly emailVerifyTime: Date | null;
  readonly roles: readonly string[];
  readonly state: string;
  readonly createTime: Date;
}

interface NewAccount {
  readonly email: string;
  readonly passwordHash: string;
  readonly roles: readonly RoleName[];
}

/** The database, or a transaction of it. */
interface Accounts {
  readonly client: Pick<PrismaClient, 'account'>;
}

const VISIBLE = { id: true, email: true, emailVerifyTime: true, roles: true, state: true, createTime: true } as const;

/** Opens an account, and says whether it did: an address that has one keeps it as it is. */
export async function createAccount(db: Database<PrismaClient>, { at, trace }: Origin, account: NewAccount): Promise<boolean> {
  // Without the call's claim: the hash of a body with a password in it must not lie in a table.
  const [row] = await write<{ created: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT create_account(${sqlCall({ at, trace })}::jsonb, ${newId()}::uuid, ${account.email}, ${emailKeyOf(account.email)},
      ${account.passwordHash}, ${account.roles}::text[]) AS created`,
  );
  return row!.created;
}

export const findAccount = (db: Accounts, id: string): Promise<AccountRow | null> =>
  db.client.account.findUnique({ where: { id }, select: VISIBLE });

export const findAccountByEmail = (db: Database<PrismaClient>, email: string): Promise<AccountRow | null> =>
  db.client.account.findUnique({ where: { emailKey: emailKeyOf(email) }, select: VISIBLE });

/** The address of an account; null when it has none. */
export async function findEmail(db: Accounts, id: string): Promise<string | null> {
  return (await findAccount(db, id))?.email ?? null;
}

/** With the password's hash, for a sign-in. Null for an account without a password. */
export interface Credentials extends AccountRow {
  readonly passwordHash: string | null;
}

export const findCredentials = (
  db: Database<PrismaClient>,
  by: { readonly id: string } | { readonly emailKey: string },
): Promise<Credentials | null> => db.client.account.findUnique({ where: by, select: { ...VISIBLE, passwordHash: true } });

/** The account's owner has shown to read what is sent to its address. */
export async function markVerified(db: Database<PrismaClient>, { at }: Origin, id: string): Promise<void> {
  await db.client.account.updateMany({ where: { id, emailVerifyTime: null }, data: { emailVerifyTime: at } });
}

/** The hash of an account's password; null when it has none. */
export async function findPassword(db: Database<PrismaClient>, id: string): Promise<string | null> {
  return (await findCredentials(db, { id }))?.passwordHash ?? null;
}

/** An admin's change of roles, once for each request. */
export async function changeRole(
  db: Database<PrismaClient>,
  call: Call,
  accountId: string,
  { role, present, reason }: { readonly role: RoleName; readonly present: boolean; readonly reason: string },
): Promise<AccountRow> {
  const [row] = await write<{ account: AccountJson }>(
    db,
    fail,
    Prisma.sql`SELECT change_role(${sqlCall(call)}::jsonb, ${accountId}::uuid, ${role}, ${present}, ${reason}) AS account`,
  );
  return fromJson(row!.account);
}

/** An admin's suspension of an account or its end, once for each request. */
export async function changeState(
  db: Database<PrismaClient>,
  call: Call,
  accountId: string,
  state: 'ACTIVE' | 'SUSPENDED',
  reason: string,
): Promise<AccountRow> {
  const [row] = await write<{ account: AccountJson }>(
    db,
    fail,
    Prisma.sql`SELECT change_account_state(${sqlCall(call)}::jsonb, ${accountId}::uuid, ${state}, ${reason}) AS account`,
  );
  return fromJson(row!.account);
}

export async function closeAccount(tx: Transaction<PrismaClient>, origin: Origin, accountId: string): Promise<void> {
  await tx.$queryRaw`SELECT close_account(${sqlCall(origin)}::jsonb, ${accountId}::uuid)::text`;
}

// As account_json writes it.
type AccountJson = Omit<AccountRow, 'createTime' | 'emailVerifyTime'> & {
  readonly createTime: string;
  readonly emailVerifyTime: string | null;
};

const fromJson = ({ createTime, emailVerifyTime, ...account }: AccountJson): AccountRow => ({
  ...account,
  createTime: new Date(createTime),
  emailVerifyTime: emailVerifyTime === null ? null : new Date(emailVerifyTime),
});

/** A role that an event gives: having it already is fine. `actor` is whose event it is. */
export async function grantRole(
  tx: Pick<PrismaClient, '$queryRaw'>,
  { at, trace }: Origin,
  actor: `service:${string}`,
  accountId: string,
  role: RoleName,
): Promise<void> {
  await tx.$queryRaw`SELECT id FROM set_role(${sqlCall({ at, trace })}::jsonb, ${actor}, ${accountId}::uuid, ${role}, true, '')`;
}
