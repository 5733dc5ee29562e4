import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { closeAccount } from '../store/accounts.js';

/** Nobody signs in any more, and nothing says who it was. */
export const onAccountClosed = on<AccountClosed, PrismaClient>(AccountClosed, ({ accountId }, tx, info) =>
  closeAccount(tx, info, accountId),
);
