import { type Database, type Origin, sqlCall } from '@moa/kit';
import { oneTimeHashOf } from '../domain/one-time-token.js';
import type { PrismaClient } from '../generated/client.js';
import { newOneTimeToken } from '../one-time-token.js';

export type TokenKind = 'SECOND_FACTOR' | 'VERIFY_EMAIL' | 'RESET_PASSWORD';

/** Hands out a token; those of its kind that the account was given before are good for nothing any more. */
export async function handOutToken(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  accountId: string,
  kind: TokenKind,
  goodForMs: number,
): Promise<string> {
  const token = newOneTimeToken();
  await db.client
    .$queryRaw`SELECT hand_out_token(${sqlCall({ at, trace })}::jsonb, ${accountId}::uuid, ${kind}, ${oneTimeHashOf(token)}::bytea,
    ${goodForMs}::double precision * interval '1 millisecond')::text`;
  return token;
}

/** Counts a try at a token, and says whose it is. Undefined for one that is not there, not any more, or was tried too often. */
export async function tryToken(
  db: Database<PrismaClient>,
  { at }: Origin,
  kind: TokenKind,
  token: string,
  triesAtMost: number,
): Promise<string | undefined> {
  const [row] = await db.client.oneTimeToken.updateManyAndReturn({
    where: { tokenHash: oneTimeHashOf(token), kind, expireTime: { gt: at }, tries: { lt: triesAtMost } },
    data: { tries: { increment: 1 } },
    select: { accountId: true },
  });
  return row?.accountId;
}

/** Whose a token is that is still good. */
export async function findTokenOwner(
  db: Database<PrismaClient>,
  { at }: Origin,
  kind: TokenKind,
  token: string,
): Promise<string | undefined> {
  const row = await db.client.oneTimeToken.findFirst({
    where: { tokenHash: oneTimeHashOf(token), kind, expireTime: { gt: at } },
    select: { accountId: true },
  });
  return row?.accountId;
}

/** Takes a token back: true once. */
export async function spendToken(db: Database<PrismaClient>, token: string): Promise<boolean> {
  const { count } = await db.client.oneTimeToken.deleteMany({ where: { tokenHash: oneTimeHashOf(token) } });
  return count === 1;
}

/** Tokens whose time is over. */
export async function forgetTokens(db: Database<PrismaClient>, { at }: Origin): Promise<void> {
  await db.client.oneTimeToken.deleteMany({ where: { expireTime: { lt: at } } });
}
