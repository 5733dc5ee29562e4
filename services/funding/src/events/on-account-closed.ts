import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { noteClosed } from '../store/closed-accounts.js';

export const onAccountClosed = on<AccountClosed, PrismaClient>(AccountClosed, ({ accountId }, tx, { time }) =>
  noteClosed(tx, accountId, time),
);
