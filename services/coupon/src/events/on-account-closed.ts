import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { revokeCouponsOf } from '../store/coupons.js';

export const onAccountClosed = on<AccountClosed, PrismaClient>(AccountClosed, ({ accountId }, tx, info) =>
  revokeCouponsOf(tx, info, accountId),
);
