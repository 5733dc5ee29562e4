// Whose token calls are sent with: that of the person who is signed in, or of a partner's program. Renewed before it expires.
import type { Tokens } from '@moa/contracts/auth/v1/auth';

// Renewed this long before the end, so that no call starts with a token that expires on its way.
const RENEW_BEFORE_MS = 30_000;

export interface TokenSource {
  /** The token to send; renews it first when it is about to expire. Undefined while there is nobody to have one. */
  accessToken(): Promise<string | undefined>;
  /** The token to send in place of one that was refused. */
  replace(refused: string): Promise<string | undefined>;
  /** Gets a new token now. */
  renew(): Promise<void>;
}

/** The person who is signed in. */
export interface Session extends TokenSource {
  readonly tokens: Tokens | undefined;
  set(tokens: Tokens | undefined): void;
}

type AccessToken = Pick<Tokens, 'accessToken' | 'accessExpireTime'>;

/** `refresh` asks auth; `changed` is told of every new pair of tokens, and of their end. */
export function createSession(refresh: (refreshToken: string) => Promise<Tokens>, changed: (tokens: Tokens | undefined) => void): Session {
  let tokens: Tokens | undefined;
  const set = (next: Tokens | undefined) => {
    tokens = next;
    changed(next);
  };
  const renew = async () => {
    if (tokens) set(await refresh(tokens.refreshToken));
  };
  return {
    ...tokenSource(() => tokens, renew),
    get tokens() {
      return tokens;
    },
    set,
  };
}

/** A partner's program, which gets a token by its secret whenever it needs another; `issue` asks auth. */
export function createPartnerSession(issue: () => Promise<AccessToken>): TokenSource {
  let held: AccessToken | undefined;
  return tokenSource(
    () => held,
    async () => {
      held = await issue();
    },
  );
}

function tokenSource(held: () => AccessToken | undefined, get: () => Promise<void>): TokenSource {
  let renewing: Promise<void> | undefined;
  // One renewal at a time, whoever needs it: a refresh token is good for one use.
  const renew = () => {
    renewing ??= get().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
  return {
    renew,
    async accessToken() {
      const expiresAtMs = held()?.accessExpireTime?.getTime() ?? 0;
      if (expiresAtMs - RENEW_BEFORE_MS < Date.now()) await renew();
      return held()?.accessToken;
    },
    async replace(refused) {
      if (held()?.accessToken === refused) await renew();
      return held()?.accessToken;
    },
  };
}
