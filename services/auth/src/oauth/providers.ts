// The providers that vouch for people (OpenID Connect Core, code flow with PKCE). Everything that is sent and checked is openid-client's
// doing; what a provider can do is asked when it is first needed, and again from time to time.
import type { OAuthCallback } from '@moa/contracts/auth/v1/oauth_service';
import type { Host } from '@moa/kit';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
} from 'openid-client';
import type { AuthConfig } from '../config.js';
import { verifiedEmailIn } from '../domain/oauth.js';
import { fail } from '../errors.js';
import { factsOf, providerUnavailable, refusalOf } from './refusal.js';
import { remember } from './remember.js';
import type { ProviderSettings } from './settings.js';

// An end of a flow asks four times at most: metadata, tokens, keys, UserInfo. All fit into the RPC's 10 s.
const ASK_TIMEOUT_S = 2;
const METADATA_GOOD_FOR_MS = 3_600_000;

/** What a flow sends to the provider, and expects back. */
export interface FlowSecrets {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Somebody, as a provider vouches for them. */
export interface Vouched {
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  /** Verified by the provider. */
  readonly email: string | null;
}

export interface Providers {
  readonly names: readonly string[];
  /** Where the browser goes. Throws PROVIDER_NOT_FOUND, REDIRECT_URI_REFUSED, PROVIDER_UNAVAILABLE. */
  authorizationUrl(provider: string, flow: FlowSecrets): Promise<string>;
  /** Who came back. Throws OAUTH_REFUSED, OAUTH_DENIED, PROVIDER_UNAVAILABLE. */
  identify(provider: string, flow: FlowSecrets, callback: OAuthCallback): Promise<Vouched>;
}

type Settings = Pick<AuthConfig, 'OAUTH_PROVIDERS' | 'OAUTH_REDIRECT_URIS'>;

export function openProviders({ OAUTH_PROVIDERS: all, OAUTH_REDIRECT_URIS: redirectUris }: Settings, log: Host['log']): Providers {
  const known = new Map(
    all.map((settings) => [settings.name, { settings, configure: remember(METADATA_GOOD_FOR_MS, () => discover(settings)) }]),
  );

  return {
    names: all.map(({ name }) => name),
    async authorizationUrl(name, { redirectUri, state, nonce, codeVerifier }) {
      const provider = known.get(name);
      if (!provider) throw fail('PROVIDER_NOT_FOUND');
      if (!redirectUris.includes(redirectUri)) throw fail('REDIRECT_URI_REFUSED');
      const url = buildAuthorizationUrl(await provider.configure(), {
        redirect_uri: redirectUri,
        scope: provider.settings.scope,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
      return url.href;
    },
    async identify(name, flow, callback) {
      const provider = known.get(name);
      // It was there when the flow started.
      if (!provider) throw fail('OAUTH_REFUSED');
      const configuration = await provider.configure();
      try {
        return await exchange(configuration, provider.settings, flow, callback);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal) log.warn({ provider: name, reason: refusal.reason, ...factsOf(error) }, 'not signed in by a provider');
        throw refusal ?? error;
      }
    },
  };

  async function discover({ name, issuer, clientId, clientSecret }: ProviderSettings): Promise<Configuration> {
    try {
      return await discovery(issuer, clientId, {}, authenticateWith(clientSecret.reveal()), {
        timeout: ASK_TIMEOUT_S,
        // Not only the connection vouches for an id token: its signature is checked as well.
        execute: [enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : [])],
      });
    } catch (error) {
      log.error({ provider: name, ...factsOf(error) }, 'a provider does not say what it can do');
      throw providerUnavailable();
    }
  }
}

async function exchange(
  configuration: Configuration,
  { name, scope, repeatsState }: ProviderSettings,
  { redirectUri, state, nonce, codeVerifier }: FlowSecrets,
  callback: OAuthCallback,
): Promise<Vouched> {
  const tokens = await authorizationCodeGrant(
    configuration,
    callbackUrl(redirectUri, callback),
    { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, idTokenExpected: true },
    repeatsState ? { state } : {},
  );
  const claims = tokens.claims()!;
  // Strictly, claims that a scope asks for stand in UserInfo; many put them into the id token. Asked only when it may say more.
  const saysEnough = scope === 'openid' || claims.email_verified !== undefined || !configuration.serverMetadata().userinfo_endpoint;
  const about = saysEnough ? claims : await fetchUserInfo(configuration, tokens.access_token, claims.sub);
  return { provider: name, issuer: claims.iss, subject: claims.sub, email: verifiedEmailIn(about) };
}

/** The URL that the browser came back to, as openid-client wants to see it. */
function callbackUrl(redirectUri: string, { state, outcome, iss }: OAuthCallback): URL {
  const url = new URL(redirectUri);
  url.search = new URLSearchParams({ state, [outcome!.$case]: outcome!.value, ...(iss && { iss }) }).toString();
  return url;
}

/** In the body where the provider takes it there; the default of OpenID Connect otherwise. */
const authenticateWith =
  (clientSecret: string): ClientAuth =>
  (server, ...rest) => {
    const takesPost = server.token_endpoint_auth_methods_supported?.includes('client_secret_post');
    return (takesPost ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret))(server, ...rest);
  };
