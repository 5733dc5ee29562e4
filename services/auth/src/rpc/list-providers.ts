import type { OAuthServiceDefinition } from '@moa/contracts/auth/v1/oauth_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';

type ListProviders = Handler<typeof OAuthServiceDefinition.methods.listProviders>;

export const listProviders =
  ({ providers }: Context): ListProviders =>
  async () => ({ providers: [...providers.names] });
