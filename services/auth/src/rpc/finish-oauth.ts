import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import type { Handler } from '@moa/kit';
import { admit } from '../admission.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findCredentials } from '../store/accounts.js';
import { admitIdentity } from '../store/identities.js';

type FinishOAuth = Handler<typeof OAuthServiceDefinition.methods.finishOAuth>;

export const finishOAuth =
  (context: Context): FinishOAuth =>
  async (request, call) => {
    const { db, flows } = context;
    const vouched = await flows.finish(call, null, request);
    const account = await findCredentials(db, { id: await admitIdentity(db, call, vouched) });
    if (!account) throw fail('ACCOUNT_NOT_FOUND');
    return admit(context, call, account, request.device);
  };
