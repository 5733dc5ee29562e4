import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on } from '@moa/kit';
import type { Models } from '../store/models.js';
import { closeAccount } from '../store/reviews.js';

/** What was said stays for others to read, and nobody's name stands on it. */
export const onAccountClosed = on<AccountClosed, Models>(AccountClosed, ({ accountId }, models, { time }) =>
  closeAccount(models, accountId, time),
);
