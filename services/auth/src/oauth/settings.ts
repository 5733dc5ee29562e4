// What the configuration says of OAuth. Google, Kakao and Naver are known by their names; every other provider names its issuer.
import { ConfigError, type Secret, secret } from '@moa/kit';
import { z } from 'zod';
import { isLoopback } from '../domain/loopback.js';

export interface ProviderSettings {
  readonly name: string;
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly scope: string;
  /** The token endpoint wants the state, too, which OAuth does not ask for. */
  readonly repeatsState: boolean;
}

type Preset = Pick<ProviderSettings, 'scope' | 'repeatsState'> & { readonly issuer?: string };

const PRESETS: Readonly<Record<string, Preset>> = {
  google: { issuer: 'https://accounts.google.com', scope: 'openid email', repeatsState: false },
  kakao: { issuer: 'https://kauth.kakao.com', scope: 'openid account_email', repeatsState: false },
  // It calls no address verified, so none is asked for.
  naver: { issuer: 'https://nid.naver.com', scope: 'openid', repeatsState: true },
};
const OTHERS: Preset = { scope: 'openid email', repeatsState: false };

const provider = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be of a-z, 0-9 and -'),
    issuer: z.string().optional(),
    clientId: z.string().min(1),
    clientSecret: secret(),
    scope: z
      .string()
      .regex(/(^| )openid( |$)/, 'must have openid in it')
      .optional(),
  })
  .transform(({ issuer: ownIssuer, scope: ownScope, ...own }, context): ProviderSettings => {
    const { issuer: presetIssuer = '', scope, repeatsState } = PRESETS[own.name] ?? OTHERS;
    const issuer = ownIssuer ?? presetIssuer;
    if (isSafeUrl(issuer)) return { ...own, issuer: new URL(issuer), scope: ownScope ?? scope, repeatsState };
    context.addIssue({ code: 'custom', path: ['issuer'], message: SAFE_URL });
    return z.NEVER;
  });

/** OAUTH_PROVIDERS. */
export const providerList = () =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.array(provider))
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must have each name once');

/** OAUTH_REDIRECT_URIS. They are compared to the letter, so each must stand in the form that URLs have when they are sent. */
export const redirectUriList = () =>
  z
    .string()
    .transform((text) => text.split(/\s+/).filter(Boolean))
    .pipe(z.array(z.string().refine((uri) => isSafeUrl(uri) && new URL(uri).href === uri && !/[?#]/.test(uri), REDIRECT_URI)));

interface OAuthConfig {
  readonly NODE_ENV: string;
  readonly OAUTH_PROVIDERS: readonly ProviderSettings[];
  readonly OAUTH_REDIRECT_URIS: readonly string[];
}

/** Throws a ConfigError for what is only good for trying things out. */
export function checkForProduction({ NODE_ENV, OAUTH_PROVIDERS, OAUTH_REDIRECT_URIS }: OAuthConfig): void {
  const plain = [...OAUTH_PROVIDERS.map(({ issuer }) => issuer.href), ...OAUTH_REDIRECT_URIS].find((url) => !url.startsWith('https:'));
  if (NODE_ENV === 'production' && plain)
    throw new ConfigError(`The configuration is not usable:\n  ${plain} must be https:// in production`);
}

const SAFE_URL = 'must be an https:// URL (http:// on this machine)';
const REDIRECT_URI = `${SAFE_URL}, in its usual form, without a query or a fragment`;

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}
