import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { openProfile } from '../store/profiles.js';

export const onAccountCreated = on<AccountCreated, PrismaClient>(AccountCreated, ({ accountId }, tx, { time }) =>
  openProfile(tx, accountId, time),
);
