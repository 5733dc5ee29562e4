import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';

type StartOAuth = Handler<typeof OAuthServiceDefinition.methods.startOAuth>;

export const startOAuth =
  ({ flows }: Context): StartOAuth =>
  (request, call) =>
    flows.start(call, null, request);
