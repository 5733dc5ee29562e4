import type { LedgerServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { type Handler, invalid } from '@moa/kit';
import { z } from 'zod';
import { accountFromProto } from '../convert.js';
import type { Context } from '../service.js';
import { readBalance } from '../store/ledger.js';

type GetBalance = Handler<typeof LedgerServiceDefinition.methods.getBalance>;

const ownerIdShape = z.guid();

export const getBalance =
  ({ db }: Context): GetBalance =>
  async ({ account, ownerId, currencyCode }) => {
    // The contract lets it be empty, and has no word for "empty or a UUID".
    if (ownerId && !ownerIdShape.safeParse(ownerId).success) throw invalid([{ field: 'owner_id', description: 'must be a UUID' }]);
    const balance = await readBalance(db, accountFromProto(account), currencyCode, ownerId || undefined);
    return { ...balance, currencyCode };
  };
