import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { checkPassword } from '../check-password.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { hasSecondFactor } from '../store/second-factors.js';
import { freshenSession } from '../store/sessions.js';

type Reauthenticate = Handler<typeof AuthServiceDefinition.methods.reauthenticate>;

export const reauthenticate =
  (context: Context): Reauthenticate =>
  async ({ proof }, call) => {
    const { db, secondFactors } = context;
    const { accountId, sessionId } = call.caller;
    const needsCode = await hasSecondFactor(db, accountId);
    if (proof?.$case === 'code') await secondFactors.take(call, accountId, proof.value);
    else if (needsCode) throw fail('SECOND_FACTOR_NEEDED');
    else await checkPassword(context, call, accountId, proof!.value);
    await freshenSession(db, call, sessionId, needsCode);
    return {};
  };
