import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import type { Handler } from '@moa/kit';
import { readRefreshToken } from '../domain/refresh-token.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { refreshSession } from '../store/sessions.js';

type RefreshToken = Handler<typeof AuthServiceDefinition.methods.refreshToken>;

export const refreshToken =
  ({ db, refreshTokenKey, issueTokens }: Context): RefreshToken =>
  async (request, call) => {
    const presented = readRefreshToken(refreshTokenKey, request.refreshToken);
    const session = presented && (await refreshSession(db, call, presented));
    if (!session) throw fail('REFRESH_TOKEN_REFUSED');
    const account = { id: session.accountId, roles: session.roles };
    return { tokens: await issueTokens({ account, session, secret: presented.secret }, call.at) };
  };
