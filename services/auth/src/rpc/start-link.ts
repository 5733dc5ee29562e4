import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import type { Handler } from '@moa/kit';
import { checkEmailVerified } from '../domain/email.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findAccount } from '../store/accounts.js';

type StartLink = Handler<typeof OAuthServiceDefinition.methods.startLink>;

export const startLink =
  ({ db, flows }: Context): StartLink =>
  async (request, call) => {
    const account = await findAccount(db, call.caller.accountId);
    if (!account) throw fail('ACCOUNT_NOT_FOUND');
    checkEmailVerified(account);
    return flows.start(call, account.id, request);
  };
