import type { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { findAuthTime } from '../store/sessions.js';

type GetSession = Handler<typeof AccountServiceDefinition.methods.getSession>;

export const getSession =
  ({ db }: Context): GetSession =>
  async ({ sessionId }, call) => ({ authTime: await findAuthTime(db, sessionId, call.at) });
