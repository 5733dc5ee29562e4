import { BillingMethodRegistered } from '@moa/contracts/payment/v1/payment_events';
import { emit, newId, type Origin, type Transaction, transaction } from '@moa/kit';
import type { BillingMethod, PrismaClient } from '../generated/client.js';
import type { RegisteredCard } from '../provider/port.js';
import type { PaymentDatabase } from './database.js';

/** What an earlier try of the same request made. */
export function findByRequest({ client }: PaymentDatabase, accountId: string, requestId: string): Promise<BillingMethod | null> {
  return client.billingMethod.findUnique({ where: { accountId_requestId: { accountId, requestId } } });
}

export function addBillingMethod(
  db: PaymentDatabase,
  origin: Origin,
  accountId: string,
  requestId: string,
  card: RegisteredCard,
): Promise<BillingMethod> {
  return transaction(db, async (tx) => {
    const { billingKey, brand, last4 } = card;
    const method = await tx.billingMethod.create({
      data: { id: newId(), accountId, requestId, billingKey, brand, last4, createTime: origin.at },
    });
    await emit(tx, origin, BillingMethodRegistered, { accountId, billingMethodId: method.id }, { version: 1 });
    return method;
  });
}

/** Newest first, from the one after `after` on. */
export function listBillingMethods(
  { client }: PaymentDatabase,
  accountId: string,
  after: string | undefined,
  count: number,
): Promise<BillingMethod[]> {
  return client.billingMethod.findMany({ where: { accountId, ...(after && { id: { lt: after } }) }, orderBy: { id: 'desc' }, take: count });
}

/** Its person has gone: no card of theirs is charged any more, and none can be told from another. */
export async function forgetCards(tx: Transaction<PrismaClient>, accountId: string): Promise<void> {
  await tx.billingMethod.updateMany({ where: { accountId }, data: { billingKey: '', brand: '', last4: '' } });
}
