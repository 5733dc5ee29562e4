import { newId, type Transaction } from '@moa/kit';
import type { FeePolicy, PrismaClient } from '../generated/client.js';
import type { PaymentDatabase } from './database.js';

export type NewFeePolicy = Omit<FeePolicy, 'id'>;

export const addFeePolicy = (tx: Transaction<PrismaClient>, policy: NewFeePolicy): Promise<FeePolicy> =>
  tx.feePolicy.create({ data: { id: newId(), ...policy } });

/** Of one seller, or those for everybody; newest first, from the one after `after` on. */
export const listFeePolicies = (
  { client }: PaymentDatabase,
  sellerId: string | null,
  after: string | undefined,
  count: number,
): Promise<FeePolicy[]> =>
  client.feePolicy.findMany({ where: { sellerId, ...(after && { id: { lt: after } }) }, orderBy: { id: 'desc' }, take: count });
