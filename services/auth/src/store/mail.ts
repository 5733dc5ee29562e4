import { type Database, type Origin, sqlCall } from '@moa/kit';
import { Prisma, type PrismaClient } from '../generated/client.js';
import type { QueuedMail } from '../mail/queued-mail.js';

/** A mail that this copy may send, for as long as its lease lasts. */
export interface LeasedMail extends QueuedMail {
  /** With this one. */
  readonly tries: number;
  readonly createTime: Date;
}

/** Queues a sealed mail that no other change of the database goes with, or in a transaction; null is none. */
export async function queueMail(
  db: { readonly client: Pick<PrismaClient, '$queryRaw'> },
  { at, trace }: Origin,
  mail: string | null,
): Promise<void> {
  await db.client.$queryRaw`SELECT queue_mail(${sqlCall({ at, trace })}::jsonb, ${mail}::jsonb)::text`;
}

/** Takes mail that is due, which nobody else gets while the lease lasts. */
export const leaseMail = (db: Database<PrismaClient>, { at, trace }: Origin, batch: number, leaseMs: number): Promise<LeasedMail[]> =>
  db.client.$queryRaw<LeasedMail[]>(
    Prisma.sql`SELECT id, kind, sealed_body AS "sealedBody", tries, create_time AS "createTime"
      FROM lease_mail(${sqlCall({ at, trace })}::jsonb, ${batch}::integer, ${leaseMs}::integer)`,
  );

/** It was sent, or never will be. */
export async function forgetMail(db: Database<PrismaClient>, id: string): Promise<void> {
  await db.client.mail.deleteMany({ where: { id } });
}

/** Tries it again later, unless somebody else does already. */
export async function postponeMail(db: Database<PrismaClient>, { id, tries }: LeasedMail, nextTryTime: Date): Promise<void> {
  await db.client.mail.updateMany({ where: { id, tries }, data: { nextTryTime } });
}

export const countMail = (db: Database<PrismaClient>): Promise<number> => db.client.mail.count();
