import type { Database, Transaction } from '@moa/kit';
import { type Address, emptyProfile, type Profile } from '../domain/profile.js';
import { fail } from '../errors.js';
import type { PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

/** An empty one for a person whose account's event has not arrived yet. */
export async function findProfile(db: Tx, accountId: string): Promise<Profile> {
  const row = await db.profile.findUnique({ where: { accountId } });
  return row ? { ...row, addresses: row.addresses as unknown as Address[] } : emptyProfile(accountId);
}

/** An account is there: so is its profile. */
export async function openProfile(tx: Tx, accountId: string, createTime: Date): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO profile (account_id, create_time) VALUES (${accountId}::uuid, ${createTime})
    ON CONFLICT (account_id) DO UPDATE SET create_time = excluded.create_time`;
}

/** Writes the next version. Throws ETAG_STALE when somebody else did meanwhile. */
export async function saveProfile(
  tx: Tx,
  { accountId, name, phone, interestCategories, addresses, version }: Profile,
  at: Date,
): Promise<void> {
  const saved = await tx.$executeRaw`
    INSERT INTO profile (account_id, name, phone, interest_categories, addresses, version, create_time)
      VALUES (${accountId}::uuid, ${name}, ${phone}, ${interestCategories}::text[], ${JSON.stringify(addresses)}::jsonb, ${version}, ${at})
    ON CONFLICT (account_id) DO UPDATE SET
      name = excluded.name, phone = excluded.phone, interest_categories = excluded.interest_categories, addresses = excluded.addresses,
      version = excluded.version
      WHERE profile.version = excluded.version - 1 AND profile.close_time IS NULL`;
  if (saved === 0) throw fail('ETAG_STALE');
}

/** Up to when everything that happened elsewhere is in the copies; undefined until it is known for each stream. */
export async function findFreshTime(db: Database<PrismaClient>): Promise<Date | undefined> {
  const [row] = await db.client.$queryRaw<[{ streams: bigint; time: Date | null }]>`
    SELECT count(*) AS streams, min(event_time) AS time FROM kit.consumed WHERE consumer = ${CONSUMER}`;
  return Number(row.streams) === STREAMS ? (row.time ?? undefined) : undefined;
}

const CONSUMER = 'user-my-page';
// auth, funding, purchase, coupon and review.
const STREAMS = 5;
