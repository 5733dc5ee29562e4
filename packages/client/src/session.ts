// The person who is signed in: tokens are kept, sent along, and renewed before they expire.
import type { Tokens } from '@moa/contracts/auth/v1/auth';

// Renewed this long before the end, so that no call starts with a token that expires on its way.
const RENEW_BEFORE_MS = 30_000;

export interface Session {
  /** The token to send; renews it first when it is about to expire. Undefined while nobody is signed in. */
  accessToken(): Promise<string | undefined>;
  /** Gets a new access token now: for one that was refused. */
  renew(): Promise<void>;
  readonly tokens: Tokens | undefined;
  set(tokens: Tokens | undefined): void;
}

/** `refresh` asks auth; `changed` is told of every new pair of tokens, and of their end. */
export function createSession(refresh: (refreshToken: string) => Promise<Tokens>, changed: (tokens: Tokens | undefined) => void): Session {
  let tokens: Tokens | undefined;
  let renewing: Promise<void> | undefined;

  const session: Session = {
    get tokens() {
      return tokens;
    },
    set(next) {
      tokens = next;
      changed(next);
    },
    async accessToken() {
      if (tokens && tokens.accessExpireTime!.getTime() - RENEW_BEFORE_MS < Date.now()) await session.renew();
      return tokens?.accessToken;
    },
    // One renewal at a time, whoever needs it: a refresh token is good for one use.
    renew() {
      renewing ??= (async () => {
        if (tokens) session.set(await refresh(tokens.refreshToken));
      })().finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
  };
  return session;
}
