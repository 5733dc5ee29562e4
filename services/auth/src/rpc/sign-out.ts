import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { endSession, isSessionOf } from '../store/sessions.js';

type SignOut = Handler<typeof AuthServiceDefinition.methods.signOut>;

export const signOut =
  ({ db }: Context): SignOut =>
  async (request, call) => {
    const { accountId, sessionId } = call.caller;
    if (request.sessionId && !(await isSessionOf(db, accountId, request.sessionId))) throw fail('SESSION_NOT_FOUND');
    await endSession(db, call, request.sessionId || sessionId);
    return {};
  };
