import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { beginSession } from '../admission.js';
import { CHALLENGE_TRIES } from '../domain/second-factor.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findCredentials } from '../store/accounts.js';
import { spendToken, tryToken } from '../store/one-time-tokens.js';

type VerifySecondFactor = Handler<typeof AuthServiceDefinition.methods.verifySecondFactor>;

export const verifySecondFactor =
  (context: Context): VerifySecondFactor =>
  async ({ challenge, code, device }, call) => {
    const { db, secondFactors } = context;
    const accountId = await tryToken(db, call, 'SECOND_FACTOR', challenge, CHALLENGE_TRIES);
    // Read before the challenge is spent: a change of the password spends it, too, and one that comes later is seen by the session.
    const account = accountId && (await findCredentials(db, { id: accountId }));
    if (!account) throw fail('CHALLENGE_REFUSED');
    await secondFactors.take(call, account.id, code);
    // One session for a challenge, however many right codes come at once.
    if (!(await spendToken(db, challenge))) throw fail('CHALLENGE_REFUSED');
    return beginSession(context, call, account, { device, hasSecondFactor: true });
  };
