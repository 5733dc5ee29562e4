import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { checkEmailVerified } from '../domain/email.js';
import { totpUri } from '../domain/second-factor.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findAccount } from '../store/accounts.js';
import { enrollTotp as keepSecret } from '../store/second-factors.js';

type EnrollTotp = Handler<typeof AuthServiceDefinition.methods.enrollTotp>;

export const enrollTotp =
  ({ db, secondFactors }: Context): EnrollTotp =>
  async (_, call) => {
    const { accountId } = call.caller;
    const account = await findAccount(db, accountId);
    if (!account) throw fail('ACCOUNT_NOT_FOUND');
    checkEmailVerified(account);
    const { secret, sealed } = secondFactors.newSecret(accountId);
    await keepSecret(db, call, accountId, sealed);
    return { secret, uri: totpUri(secret, account.email ?? accountId) };
  };
