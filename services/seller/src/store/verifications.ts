// Documents that were handed in. Whoever writes one has locked its seller first.
import type { Database, TimeKeyset, Transaction } from '@moa/kit';
import type { Document, Verification } from '../domain/verification.js';
import type { Prisma, PrismaClient } from '../generated/client.js';

type Tx = Transaction<PrismaClient>;

const WITH_DOCUMENTS = { documents: { orderBy: { position: 'asc' } } } as const;

export async function findVerification(tx: Tx, id: string): Promise<Verification | undefined> {
  const row = await tx.verification.findUnique({ where: { id }, include: WITH_DOCUMENTS });
  return row ? fromRow(row) : undefined;
}

/** There is at most one. */
export async function findWaitingVerification(tx: Tx, sellerId: string): Promise<Verification | undefined> {
  const row = await tx.verification.findFirst({ where: { sellerId, state: 'SUBMITTED' }, include: WITH_DOCUMENTS });
  return row ? fromRow(row) : undefined;
}

export async function createVerification(tx: Tx, { documents, ...verification }: Verification): Promise<void> {
  const rows = documents.map((document, position) => ({ ...document, position }));
  await tx.verification.create({ data: { ...verification, documents: { createMany: { data: rows } } } });
}

export async function saveDecision(tx: Tx, { id, state, rejectionReason, reviewTime, reviewerId }: Verification): Promise<void> {
  await tx.verification.update({ where: { id }, data: { state, rejectionReason, reviewTime, reviewerId } });
}

/** What waits, or all of one seller; the oldest first. */
export async function listVerifications(
  db: Database<PrismaClient>,
  { sellerId, after, limit }: { sellerId: string | undefined; after: TimeKeyset | undefined; limit: number },
): Promise<Verification[]> {
  const rows = await db.client.verification.findMany({
    where: {
      ...(sellerId === undefined ? { state: 'SUBMITTED' } : { sellerId }),
      ...(after && { OR: [{ submitTime: { gt: after.time } }, { submitTime: after.time, id: { gt: after.id } }] }),
    },
    orderBy: [{ submitTime: 'asc' }, { id: 'asc' }],
    take: limit,
    include: WITH_DOCUMENTS,
  });
  return rows.map(fromRow);
}

type Row = Prisma.VerificationGetPayload<{ include: { documents: true } }>;

const fromRow = ({ documents, ...row }: Row): Verification => ({
  ...row,
  state: row.state as Verification['state'],
  documents: documents.map(({ kind, reference, sha256, name }) => ({ kind: kind as Document['kind'], reference, sha256, name })),
});
