import type { OAuthCallback } from '@moa/contracts/auth/v1/oauth_service';

/**
 * What stands in the URL that a provider sent the browser back to, for finishOAuth and linkIdentity.
 *
 *     const { authorizationUrl, flowToken } = await moa.oauth.startOAuth({ provider: 'google', redirectUri });
 *     sessionStorage.setItem('flow', flowToken);
 *     location.assign(authorizationUrl);
 *     // ... and on the page at redirectUri:
 *     await moa.finishOAuth(sessionStorage.getItem('flow')!, oauthCallbackOf(location.href));
 */
export function oauthCallbackOf(url: string | URL): OAuthCallback {
  const { searchParams } = new URL(url);
  const param = (name: string) => searchParams.get(name) ?? '';
  const code = param('code');
  return {
    state: param('state'),
    outcome: code ? { $case: 'code', value: code } : { $case: 'error', value: param('error') },
    iss: param('iss'),
  };
}
