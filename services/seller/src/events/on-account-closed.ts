import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on, type Secret, type Subscription } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { forgetSeller } from '../store/sellers.js';

/** Whoever still sells cannot close the account: nothing is owed to who could. */
export const onAccountClosed = (bankAccountKey: Secret): Subscription<PrismaClient> =>
  on<AccountClosed, PrismaClient>(AccountClosed, ({ accountId }, tx) => forgetSeller(tx, bankAccountKey, accountId));
