import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { forgetCards } from '../store/billing-methods.js';

/** What was paid is kept; with which card goes. */
export const onAccountClosed = on<AccountClosed, PrismaClient>(AccountClosed, ({ accountId }, tx) => forgetCards(tx, accountId));
