import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { welcome } from '../store/issue.js';

export const onAccountCreated = on<AccountCreated, PrismaClient>(AccountCreated, ({ accountId }, tx, info) => welcome(tx, info, accountId));
