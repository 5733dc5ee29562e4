import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on, type Subscription } from '@moa/kit';
import type { Carts } from '../carts.js';
import type { PrismaClient } from '../generated/client.js';
import { noteClosed } from '../store/closed-accounts.js';

/** Addresses go when nothing is sent there any more; the cart goes now, or, without Redis, when its time is over. */
export const onAccountClosed = (carts: Carts): Subscription<PrismaClient> =>
  on<AccountClosed, PrismaClient>(AccountClosed, async ({ accountId }, tx, { time }) => {
    await noteClosed(tx, accountId, time);
    await carts.clear({ accountId }).catch(() => {});
  });
