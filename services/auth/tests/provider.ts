// A real OpenID provider on loopback, and a browser that a person logs in with.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OAuthCallback } from '@moa/contracts/auth/v1/oauth_service';

export const CLIENT = { clientId: 'moa', clientSecret: 'known to moa and to the provider' };
export const REDIRECT_URI = 'https://shop.moa.example/oauth/callback';

/** Somebody at the provider, and what the provider does wrong about them. */
export interface Person {
  readonly sub: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly fault?:
    | 'denies'
    | 'wrong nonce'
    | 'wrong audience'
    | 'wrong issuer'
    | 'expired'
    | 'foreign key'
    | 'not signed'
    | 'no id token'
    | 'wants state'
    | 'says nothing'
    | 'changed subject';
}

export async function startProvider(kind: 'id-token' | 'user-info') {
  const program = fileURLToPath(new URL('./provider-process.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program, kind], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [issuer] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return {
    issuer,
    /** What auth is told of it. */
    settings: (name: string) => ({ name, issuer, ...CLIENT }),
    /** Answers nothing but 503, or is itself again. */
    async beAway(is: boolean): Promise<void> {
      await fetch(`${issuer}/away?is=${is}`);
    },
    /** How often it was asked what it can do. */
    timesAsked: async (): Promise<number> => Number(await (await fetch(`${issuer}/times-asked`)).text()),
    async close(): Promise<void> {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** Goes where auth sends the browser, logs in there, and gives the URL that the browser is sent back to. */
export async function logIn(authorizationUrl: string, person: Person): Promise<URL> {
  let url = new URL(authorizationUrl);
  url.searchParams.set('login_hint', JSON.stringify(person));
  const cookies = new Map<string, string>();
  while (!url.href.startsWith(REDIRECT_URI)) {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: [...cookies.values()].join('; ') } });
    const location = response.headers.get('location');
    if (!location) throw new Error(`${url.pathname}: ${response.status} ${await response.text()}`);
    for (const cookie of response.headers.getSetCookie()) cookies.set(cookie.split('=')[0]!, cookie.split(';')[0]!);
    url = new URL(location, url);
  }
  return url;
}

/** What a page passes on of the URL that it was opened with. */
export function callbackOf({ searchParams }: URL): OAuthCallback {
  const [code, error] = [searchParams.get('code'), searchParams.get('error')];
  return {
    state: searchParams.get('state')!,
    outcome: code === null ? { $case: 'error', value: error! } : { $case: 'code', value: code },
    iss: searchParams.get('iss') ?? '',
  };
}
