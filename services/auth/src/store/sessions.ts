import { type Database, newId, type Origin, sqlCall, write } from '@moa/kit';
import { GRACE_MS, LAST_MS, type RefreshToken, SLIDING_MS, secretHashOf } from '../domain/refresh-token.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';

/** A session as its tokens tell of it. */
export interface SessionRow {
  readonly id: string;
  readonly generation: number;
  readonly version: bigint;
  readonly expireTime: Date;
}

export interface RefreshedSession extends SessionRow {
  readonly accountId: string;
  readonly roles: readonly string[];
}

/** A new session with its first refresh token, whose random part is given. */
export function startSession(db: Database<PrismaClient>, { at }: Origin, accountId: string, secret: Uint8Array): Promise<SessionRow> {
  return db.client.session.create({
    data: {
      id: newId(),
      accountId,
      secretHash: secretHashOf(secret),
      rotateTime: at,
      expireTime: new Date(at.getTime() + SLIDING_MS),
      lastExpireTime: new Date(at.getTime() + LAST_MS),
      createTime: at,
    },
    select: { id: true, generation: true, version: true, expireTime: true },
  });
}

/** Spends a refresh token. Undefined when it is good for nothing; a spent one has then ended its session. */
export async function refreshSession(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  token: RefreshToken,
): Promise<RefreshedSession | undefined> {
  const [row] = await write<{
    outcome: string;
    account_id: string;
    roles: string[];
    generation: number;
    version: bigint;
    expire_time: Date;
  }>(
    db,
    fail,
    Prisma.sql`SELECT * FROM refresh_session(${sqlCall({ at, trace })}::jsonb, ${token.sessionId}::uuid, ${token.generation}::integer,
      ${secretHashOf(token.secret)}::bytea, ${GRACE_MS}::integer * interval '1 millisecond', ${SLIDING_MS}::double precision * interval '1 millisecond')`,
  );
  if (row!.outcome !== 'REFRESHED') return undefined;
  const { account_id: accountId, roles, generation, version, expire_time: expireTime } = row!;
  return { id: token.sessionId, accountId, roles, generation, version, expireTime };
}

/** Ends a session; one that has ended stays ended. */
export async function endSession(db: Database<PrismaClient>, { at, trace }: Origin, sessionId: string): Promise<void> {
  await write(db, fail, Prisma.sql`SELECT end_session(${sqlCall({ at, trace })}::jsonb, ${sessionId}::uuid, 'SIGNED_OUT')::text`);
}

/** Sessions whose last token could not be used any more a day ago. */
export async function forgetSessions(db: Database<PrismaClient>, { at }: Origin): Promise<void> {
  await db.client.session.deleteMany({ where: { lastExpireTime: { lt: new Date(at.getTime() - FORGET_AFTER_MS) } } });
}

const FORGET_AFTER_MS = 86_400_000;
