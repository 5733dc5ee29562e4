import type { LedgerServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import type { Handler } from '@moa/kit';
import { accountFromProto } from '../convert.js';
import type { Context } from '../service.js';
import { readBalance } from '../store/ledger.js';

type GetBalance = Handler<typeof LedgerServiceDefinition.methods.getBalance>;

export const getBalance =
  ({ db }: Context): GetBalance =>
  async ({ account, ownerId, currencyCode }) => {
    const balance = await readBalance(db, accountFromProto(account), currencyCode, ownerId || undefined);
    return { ...balance, currencyCode };
  };
