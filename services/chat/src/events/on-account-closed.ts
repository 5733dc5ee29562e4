import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { on } from '@moa/kit';
import { closeAccount } from '../store/members.js';
import type { Models } from '../store/models.js';
import { countMembers } from '../store/rooms.js';

/** Names go; what was said stays as long as the law wants, without one. */
export const onAccountClosed = on<AccountClosed, Models>(AccountClosed, async ({ accountId }, models, { time }) => {
  for (const roomId of await closeAccount(models, accountId, time)) await countMembers(models, roomId);
});
