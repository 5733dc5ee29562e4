import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { endAllSessions } from '../store/sessions.js';

type SignOutEverywhere = Handler<typeof AuthServiceDefinition.methods.signOutEverywhere>;

export const signOutEverywhere =
  ({ db }: Context): SignOutEverywhere =>
  async (_, call) => {
    await endAllSessions(db, call, call.caller.accountId);
    return {};
  };
