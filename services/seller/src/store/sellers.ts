// Sellers in the database: the settlement account is sealed on the way in, and opened on the way out.
import { type Database, postgresError, type Secret, seal, type TimeKeyset, type Transaction, unseal } from '@moa/kit';
import type { BankAccount, Seller } from '../domain/seller.js';
import { fail } from '../errors.js';
import type { PrismaClient, Seller as SellerRow } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

export async function findSeller(db: Database<PrismaClient>, key: Secret, id: string): Promise<Seller | undefined> {
  const row = await db.client.seller.findUnique({ where: { id } });
  return row ? fromRow(row, key) : undefined;
}

/** The seller, who nobody else changes until the transaction ends. */
export async function lockSeller(tx: Tx, key: Secret, id: string): Promise<Seller | undefined> {
  await tx.$queryRaw`SELECT 1 AS locked FROM seller WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const row = await tx.seller.findUnique({ where: { id } });
  return row ? fromRow(row, key) : undefined;
}

/** Throws BUSINESS_NUMBER_TAKEN, and ALREADY_REGISTERED when another first registration of the account was quicker. */
export async function saveSeller(tx: Tx, key: Secret, { settlementAccount, ...seller }: Seller): Promise<void> {
  const sealed = new Uint8Array(seal(key, JSON.stringify(settlementAccount), contextOf(seller.id)));
  const row = { ...seller, sealedSettlementAccount: sealed };
  try {
    if (seller.version === 1n) await tx.seller.create({ data: row });
    else await tx.seller.update({ where: { id: seller.id }, data: row });
  } catch (error) {
    throw isDuplicate(error) ? fail(namesNumber(error) ? 'BUSINESS_NUMBER_TAKEN' : 'ALREADY_REGISTERED') : error;
  }
}

/** Oldest first, by state or all of them. */
export async function listSellers(
  db: Database<PrismaClient>,
  key: Secret,
  { state, after, limit }: { state: Seller['state'] | undefined; after: TimeKeyset | undefined; limit: number },
): Promise<Seller[]> {
  const rows = await db.client.seller.findMany({
    where: {
      ...(state && { state }),
      ...(after && { OR: [{ createTime: { gt: after.time } }, { createTime: after.time, id: { gt: after.id } }] }),
    },
    orderBy: [{ createTime: 'asc' }, { id: 'asc' }],
    take: limit,
  });
  return rows.map((row) => fromRow(row, key));
}

const fromRow = ({ sealedSettlementAccount, ...row }: SellerRow, key: Secret): Seller => ({
  ...row,
  state: row.state as Seller['state'],
  verificationState: row.verificationState as Seller['verificationState'],
  settlementAccount: JSON.parse(unseal(key, sealedSettlementAccount, contextOf(row.id))) as BankAccount,
});

const contextOf = (id: string) => `seller:${id}`;

const UNIQUE_VIOLATION = '23505';
const isDuplicate = (error: unknown) => postgresError(error)?.code === UNIQUE_VIOLATION;
const namesNumber = (error: unknown) => postgresError(error)?.message.includes('seller_business_number');

const NOBODY = { bankCode: '', accountNumber: '', holderName: '' } as const;

/** Nothing is left of who it was: what was sold, and that it was verified, is kept. */
export async function forgetSeller(tx: Tx, key: Secret, id: string): Promise<void> {
  const seller = await lockSeller(tx, key, id);
  if (!seller) return;
  await saveSeller(tx, key, { ...seller, representativeName: '', settlementAccount: NOBODY, version: seller.version + 1n });
}
