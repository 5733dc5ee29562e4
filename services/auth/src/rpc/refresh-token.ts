import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { readRefreshToken } from '../domain/refresh-token.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { queueMail } from '../store/mail.js';
import { findEmailOfSession, refreshSession } from '../store/sessions.js';

type RefreshToken = Handler<typeof AuthServiceDefinition.methods.refreshToken>;

export const refreshToken =
  ({ db, refreshTokenKey, issueTokens, sealMail, wakeMail }: Context): RefreshToken =>
  async (request, call) => {
    const presented = readRefreshToken(refreshTokenKey, request.refreshToken);
    if (!presented) throw fail('REFRESH_TOKEN_REFUSED');
    const session = await refreshSession(db, call, presented);
    if (session === 'REUSED') {
      // A notice only: the session has ended, whether or not this still happens.
      await queueMail(db, call, sealMail(await findEmailOfSession(db, presented.sessionId), { kind: 'SESSION_REUSED' }));
      wakeMail();
    }
    if (typeof session === 'string') throw fail('REFRESH_TOKEN_REFUSED');
    const account = { id: session.accountId, roles: session.roles };
    return { tokens: await issueTokens({ account, session, secret: presented.secret }, call.at) };
  };
