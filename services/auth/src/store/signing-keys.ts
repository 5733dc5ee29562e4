import { type Call, type Database, type Origin, sqlCall, write } from '@moa/kit';
import { SIGN_DELAY_MS } from '../domain/signing-key.js';
import { fail } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';

/** A key before it has a time to sign from. */
export interface NewSigningKey {
  readonly kid: string;
  readonly publicKey: string;
  readonly sealedPrivateKey: Uint8Array;
}

export interface PublicSigningKey {
  readonly kid: string;
  /** base64url, as in a JWK. */
  readonly publicKey: string;
}

// Keys that nobody has needed for weeks stay in the table, and out of the way.
const KEYS_AT_MOST = 20;

export const readSigningKeys = (db: Database<PrismaClient>) =>
  db.client.signingKey.findMany({ orderBy: { signTime: 'desc' }, take: KEYS_AT_MOST });

/** Adds the first key, unless another copy was quicker. */
export async function addFirstSigningKey(db: Database<PrismaClient>, { at, trace }: Origin, key: NewSigningKey): Promise<void> {
  await write(
    db,
    fail,
    Prisma.sql`SELECT add_first_signing_key(${sqlCall({ at, trace })}::jsonb, ${key.kid}, ${key.publicKey}, ${key.sealedPrivateKey}::bytea)::text`,
  );
}

/** Adds a key that signs later, once for each request. */
export async function rotateSigningKey(db: Database<PrismaClient>, call: Call, key: NewSigningKey): Promise<PublicSigningKey> {
  const [row] = await write<{ key: PublicSigningKey }>(
    db,
    fail,
    Prisma.sql`SELECT rotate_signing_key(${sqlCall(call)}::jsonb, ${key.kid}, ${key.publicKey}, ${key.sealedPrivateKey}::bytea,
      ${SIGN_DELAY_MS}::integer * interval '1 millisecond') AS key`,
  );
  return row!.key;
}

/** Adds a key that signs later once the newest is older than `maxAgeMs`, and says whether it did. Of copies that come at once one does. */
export async function rotateOldSigningKey(
  db: Database<PrismaClient>,
  { at, trace }: Origin,
  key: NewSigningKey,
  maxAgeMs: number,
): Promise<boolean> {
  const [row] = await write<{ added: boolean }>(
    db,
    fail,
    Prisma.sql`SELECT rotate_old_signing_key(${sqlCall({ at, trace })}::jsonb, ${key.kid}, ${key.publicKey}, ${key.sealedPrivateKey}::bytea,
      ${SIGN_DELAY_MS}::integer * interval '1 millisecond', ${maxAgeMs}::double precision * interval '1 millisecond') AS added`,
  );
  return row!.added;
}
