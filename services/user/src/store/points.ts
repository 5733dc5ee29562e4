// Every write of points is one SQL function, which locks the person's row: see migration 0003.
import { type Call, crashPoint, type Database, type Origin, refusing, sqlCall, type Transaction, write } from '@moa/kit';
import { expireTimeOf, type PointEntry, returnedExpireTimeOf } from '../domain/points.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';

type Db = Database<PrismaClient>;
type Tx = Transaction<PrismaClient>;

export interface WantedGrant {
  readonly accountId: string;
  readonly amountMinor: bigint;
  readonly reason: string;
  readonly expireTime: Date;
}

/** Gives points to a person. Throws ACCOUNT_CLOSED. */
export async function grantPoints(db: Db, call: Call, { accountId, amountMinor, reason, expireTime }: WantedGrant): Promise<PointEntry> {
  const entry = await answerOf<StoredEntry>(
    db,
    Prisma.sql`grant_points(${sqlCall(call)}::jsonb, ${accountId}::uuid, ${amountMinor}::bigint, ${reason}::text, ${expireTime}::timestamptz)`,
  );
  return {
    ...entry,
    amountMinor: BigInt(entry.amountMinor),
    balanceMinor: BigInt(entry.balanceMinor),
    createTime: new Date(entry.createTime),
  };
}

export interface WantedHold {
  readonly holderId: string;
  readonly accountId: string;
  readonly amountMinor: bigint;
  readonly expireTime: Date | undefined;
}

/** Sets points aside, once for each holder. Throws POINTS_NOT_ENOUGH, HOLDER_DIFFERS and HOLDER_RELEASED. */
export const holdPoints = (db: Db, origin: Origin, { holderId, accountId, amountMinor, expireTime }: WantedHold): Promise<string> =>
  answerOf(
    db,
    Prisma.sql`hold_points(${sqlCall(origin)}::jsonb, ${holderId}::uuid, ${accountId}::uuid, ${amountMinor}::bigint,
      ${expireTime ?? null}::timestamptz)::text`,
  );

/** What is held is spent. Gives what the holder has spent in all. */
export const capturePoints = (db: Db, origin: Origin, holderId: string): Promise<bigint> =>
  answerOf(db, Prisma.sql`capture_points(${sqlCall(origin)}::jsonb, ${holderId}::uuid)`);

/** What is held goes back. False when nothing was held any more. */
export const releasePoints = (db: Db, origin: Origin, holderId: string): Promise<boolean> =>
  answerOf(db, Prisma.sql`release_points(${sqlCall(origin)}::jsonb, ${holderId}::uuid)`);

export interface WantedReturn {
  readonly requestId: string;
  readonly holderId: string;
  readonly amountMinor: bigint;
}

/** Gives back what was spent, once for each request. Throws POINTS_RETURN_TOO_LARGE. */
export const returnPoints = (db: Db, origin: Origin, { requestId, holderId, amountMinor }: WantedReturn): Promise<string> =>
  answerOf(
    db,
    Prisma.sql`return_points(${sqlCall(origin)}::jsonb, ${holderId}::uuid, ${requestId}::uuid, ${amountMinor}::bigint,
      ${returnedExpireTimeOf(origin.at)}::timestamptz)::text`,
  );

/** What earns points, or did: a line of an order, or a review. */
export interface Earner {
  readonly accountId: string;
  /** The line or the review: it earns once, for ever. */
  readonly sourceId: string;
  /** What the person is told that it is about: the order, or the review. */
  readonly subjectId: string;
}

/** False when it has earned before, or was given back. */
export async function earnPoints(
  tx: Tx,
  origin: Origin,
  { accountId, sourceId, subjectId }: Earner,
  amountMinor: bigint,
): Promise<boolean> {
  const [row] = await refusing(
    fail,
    tx.$queryRaw<{ earned: boolean }[]>`
      SELECT earn_points(${sqlCall(origin)}::jsonb, ${accountId}::uuid, ${sourceId}::uuid, ${subjectId}::uuid, ${amountMinor}::bigint,
        ${expireTimeOf(origin.at)}::timestamptz) AS earned`,
  );
  return row!.earned;
}

/** Takes back what it has earned, and sees to it that it never will. False when there was nothing to take. */
export async function clawBackPoints(tx: Tx, origin: Origin, { accountId, sourceId, subjectId }: Earner): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ taken: boolean }[]>`
    SELECT claw_back_points(${sqlCall(origin)}::jsonb, ${accountId}::uuid, ${sourceId}::uuid, ${subjectId}::uuid) AS taken`;
  return row!.taken;
}

/** The account was closed: what is available is forfeited, and so is whatever comes back later. Holds go on. */
export async function forfeitPoints(tx: Tx, origin: Origin, accountId: string): Promise<void> {
  await tx.$queryRaw`SELECT forfeit_points(${sqlCall(origin)}::jsonb, ${accountId}::uuid)::text`;
}

/** Lets expire what is due of a person. */
export const expirePoints = (db: Db, origin: Origin, accountId: string): Promise<string> =>
  answerOf(db, Prisma.sql`expire_points(${sqlCall(origin)}::jsonb, ${accountId}::uuid)::text`);

/** Tells of each lot of a person that expires before the horizon, once. */
export const tellExpiringPoints = (db: Db, origin: Origin, accountId: string, horizon: Date): Promise<string> =>
  answerOf(db, Prisma.sql`tell_expiring_points(${sqlCall(origin)}::jsonb, ${accountId}::uuid, ${horizon}::timestamptz)::text`);

/** What point_entry_json writes: amounts and times as text. */
type StoredEntry = Omit<PointEntry, 'amountMinor' | 'balanceMinor' | 'createTime'> & {
  readonly [K in 'amountMinor' | 'balanceMinor' | 'createTime']: string;
};

async function answerOf<T>(db: Db, call: Prisma.Sql): Promise<T> {
  const [row] = await write<{ answer: T }>(db, fail, Prisma.sql`SELECT ${call} AS answer`);
  crashPoint('points.committed');
  return row!.answer;
}
