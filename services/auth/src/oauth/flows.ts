// A browser's way to a provider and back: what is remembered of it meanwhile, and by whom it is finished.
import type { OAuthCallback } from '@moa/contracts/auth/v1/oauth_service';
import { type Database, Failure, type Origin, type Secret, seal, unseal } from '@moa/kit';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { oneTimeHashOf } from '../domain/one-time-token.js';
import { fail } from '../errors.js';
import type { PrismaClient } from '../generated/client.js';
import { newOneTimeToken } from '../one-time-token.js';
import { keepFlow, takeFlow } from '../store/oauth-flows.js';
import type { Providers, Vouched } from './providers.js';

export interface Start {
  readonly provider: string;
  readonly redirectUri: string;
}

export interface Finish {
  readonly flowToken: string;
  readonly callback: OAuthCallback | undefined;
}

/** `linkTo` is the account that an identity is to be linked to; null signs in. */
export interface Flows {
  /** Throws PROVIDER_NOT_FOUND, REDIRECT_URI_REFUSED, PROVIDER_UNAVAILABLE. */
  start(origin: Origin, linkTo: string | null, start: Start): Promise<{ authorizationUrl: string; flowToken: string }>;
  /** Who came back. Throws OAUTH_REFUSED, OAUTH_DENIED, and PROVIDER_UNAVAILABLE, after which it may be called again. */
  finish(origin: Origin, linkTo: string | null, finish: Finish): Promise<Vouched>;
}

export function openFlows(db: Database<PrismaClient>, providers: Providers, sealingKey: Secret): Flows {
  return {
    async start(origin, linkTo, { provider, redirectUri }) {
      const secrets = { redirectUri, state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() };
      const flowToken = newOneTimeToken();
      const authorizationUrl = await providers.authorizationUrl(provider, secrets);
      await keepFlow(db, origin, {
        stateHash: oneTimeHashOf(secrets.state),
        flowTokenHash: oneTimeHashOf(flowToken),
        provider,
        redirectUri,
        nonce: secrets.nonce,
        sealedCodeVerifier: new Uint8Array(seal(sealingKey, secrets.codeVerifier, contextOf(secrets.state))),
        accountId: linkTo,
      });
      return { authorizationUrl, flowToken };
    },
    async finish(origin, linkTo, { flowToken, callback }) {
      const { state } = callback!;
      const flow = await takeFlow(db, origin, linkTo, oneTimeHashOf(state), oneTimeHashOf(flowToken));
      if (!flow) throw fail('OAUTH_REFUSED');
      const codeVerifier = unseal(sealingKey, flow.sealedCodeVerifier, contextOf(state));
      try {
        return await providers.identify(flow.provider, { ...flow, state, codeVerifier }, callback!);
      } catch (error) {
        // Nothing came of it, so the page may come again with the same.
        if (error instanceof Failure && error.reason === 'PROVIDER_UNAVAILABLE') await keepFlow(db, origin, flow);
        throw error;
      }
    },
  };
}

const contextOf = (state: string) => `oauth-flow:${state}`;
