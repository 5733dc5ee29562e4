import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { endSession } from '../store/sessions.js';

type SignOut = Handler<typeof AuthServiceDefinition.methods.signOut>;

export const signOut =
  ({ db }: Context): SignOut =>
  async (_, call) => {
    await endSession(db, call, call.caller.sessionId);
    return {};
  };
