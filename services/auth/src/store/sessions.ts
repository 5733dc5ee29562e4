import { type Database, newId, type Origin, type RevokedSession, sqlCall, type TimeKeyset, write } from '@moa/kit';
import { GRACE_MS, LAST_MS, type RefreshToken, SLIDING_MS, secretHashOf } from '../domain/refresh-token.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';
import type { Credentials } from './accounts.js';

/** A session as its tokens tell of it. */
export interface SessionRow {
  readonly id: string;
  readonly generation: number;
  readonly version: bigint;
  readonly expireTime: Date;
  /** When its owner last signed in or passed a second factor. */
  readonly authTime: Date;
  readonly hasSecondFactor: boolean;
}

export interface RefreshedSession extends SessionRow {
  readonly accountId: string;
  readonly roles: readonly string[];
}

export interface NewSession {
  readonly account: Credentials;
  /** The random part of its refresh tokens. */
  readonly secret: Uint8Array;
  /** What its owner will know it by. */
  readonly device: string;
  readonly hasSecondFactor: boolean;
}

/** A new session, whose owner has just shown who they are, and the roles that they have. Throws SIGN_IN_REFUSED when the password has changed meanwhile, and ACCOUNT_SUSPENDED. */
export async function startSession(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  { account, secret, device, hasSecondFactor }: NewSession,
): Promise<SessionRow & { readonly roles: readonly string[] }> {
  const [row] = await write<SessionRow & { readonly roles: readonly string[] }>(
    db,
    fail,
    Prisma.sql`SELECT id, generation, version, expire_time AS "expireTime", auth_time AS "authTime", has_second_factor AS "hasSecondFactor", roles
      FROM begin_session(${sqlCall({ at, trace })}::jsonb, ${newId()}::uuid, ${account.id}::uuid, ${account.passwordHash}, ${secretHashOf(secret)}::bytea,
        ${device}, ${hasSecondFactor}, ${SLIDING_MS}::double precision * interval '1 millisecond', ${LAST_MS}::double precision * interval '1 millisecond')`,
  );
  return row!;
}

/** Spends a refresh token. REUSED: it was spent before, and has now ended its session; REFUSED: it is good for nothing. */
export async function refreshSession(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  token: RefreshToken,
): Promise<RefreshedSession | 'REUSED' | 'REFUSED'> {
  const [row] = await write<{
    outcome: 'REFRESHED' | 'REUSED' | 'REFUSED';
    account_id: string;
    roles: string[];
    generation: number;
    version: bigint;
    expire_time: Date;
    auth_time: Date;
    has_second_factor: boolean;
  }>(
    db,
    fail,
    Prisma.sql`SELECT * FROM refresh_session(${sqlCall({ at, trace })}::jsonb, ${token.sessionId}::uuid, ${token.generation}::integer,
      ${secretHashOf(token.secret)}::bytea, ${GRACE_MS}::integer * interval '1 millisecond', ${SLIDING_MS}::double precision * interval '1 millisecond')`,
  );
  if (row!.outcome !== 'REFRESHED') return row!.outcome;
  const { account_id: accountId, roles, generation, version, expire_time: expireTime, auth_time: authTime } = row!;
  return { id: token.sessionId, accountId, roles, generation, version, expireTime, authTime, hasSecondFactor: row!.has_second_factor };
}

/** The address of whose session it is; null when there is none. */
export async function findEmailOfSession(db: Database<PrismaClient>, sessionId: string): Promise<string | null> {
  const session = await db.client.session.findUnique({ where: { id: sessionId }, select: { account: { select: { email: true } } } });
  return session?.account.email ?? null;
}

/** Ends a session; one that has ended stays ended. */
export async function endSession(db: Database<PrismaClient>, { at, trace }: Origin, sessionId: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT end_session(${sqlCall({ at, trace })}::jsonb, ${sessionId}::uuid, 'SIGNED_OUT')::text`);
}

/** Ends all sessions of an account. */
export async function endAllSessions(db: Database<PrismaClient>, { at, trace }: Origin, accountId: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT end_sessions(${sqlCall({ at, trace })}::jsonb, ${accountId}::uuid, NULL, 'SIGNED_OUT')::text`);
}

/** Its owner has shown again who they are; with a second factor, if they have one. */
export async function freshenSession(
  db: Database<PrismaClient>,
  { at }: Origin,
  sessionId: string,
  hasSecondFactor: boolean,
): Promise<void> {
  await db.client.session.updateMany({ where: { id: sessionId, endTime: null }, data: { authTime: at, hasSecondFactor } });
}

export async function isSessionOf(db: Database<PrismaClient>, accountId: string, sessionId: string): Promise<boolean> {
  return (await db.client.session.count({ where: { id: sessionId, accountId } })) === 1;
}

/** What its owner may see of a session. */
export interface LiveSession {
  readonly id: string;
  readonly device: string;
  readonly createTime: Date;
  readonly rotateTime: Date;
  readonly expireTime: Date;
  readonly hasSecondFactor: boolean;
}

/** Sessions of an account that live, the newest first. */
export const listLiveSessions = (
  db: Database<PrismaClient>,
  accountId: string,
  at: Date,
  after: string | undefined,
  limit: number,
): Promise<LiveSession[]> =>
  db.client.session.findMany({
    where: { accountId, endTime: null, expireTime: { gt: at }, ...(after && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: limit,
    select: { id: true, device: true, createTime: true, rotateTime: true, expireTime: true, hasSecondFactor: true },
  });

/** When the owner of a session that lives last showed who they are. */
export async function findAuthTime(db: Database<PrismaClient>, sessionId: string, at: Date): Promise<Date | undefined> {
  const session = await db.client.session.findFirst({
    where: { id: sessionId, endTime: null, expireTime: { gt: at } },
    select: { authTime: true },
  });
  return session?.authTime;
}

/** Sessions whose tokens were revoked since a time, in that order; `after` is the last that was seen. */
export async function listRevoked(
  db: Database<PrismaClient>,
  since: Date,
  after: TimeKeyset | undefined,
  limit?: number,
): Promise<RevokedSession[]> {
  const later = after && {
    OR: [{ revokeTime: { gt: after.time } }, { revokeTime: after.time, sessionId: { gt: after.id } }],
  };
  const rows = await db.client.revocation.findMany({
    where: { revokeTime: { gte: since }, ...later },
    orderBy: [{ revokeTime: 'asc' }, { sessionId: 'asc' }],
    ...(limit !== undefined && { take: limit }),
  });
  return rows.map((row) => ({ ...row, version: Number(row.version) }));
}

/** Sessions whose last token could not be used any more a day ago, and revocations that are older than any token. */
export async function forgetSessions(db: Database<PrismaClient>, { at }: Origin): Promise<void> {
  const before = new Date(at.getTime() - FORGET_AFTER_MS);
  await db.client.session.deleteMany({ where: { lastExpireTime: { lt: before } } });
  await db.client.revocation.deleteMany({ where: { revokeTime: { lt: before } } });
}

const FORGET_AFTER_MS = 86_400_000;
