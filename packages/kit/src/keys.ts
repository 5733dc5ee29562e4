// The keys of access tokens, asked from auth and kept.
import type { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Remote } from './connect.js';

const REFRESH_MS = 300_000;
// An unknown key id asks auth again, but a flood of forged ones does not.
const COOLDOWN_MS = 2_000;

/** Finds the key of a token; asks auth when it is unknown, and from time to time for what has been retired. */
export function keysOfAuth(auth: Remote<typeof AuthServiceDefinition>): JWTVerifyGetKey {
  let keySet: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  return async (header, token) => {
    if (!keySet || performance.now() - fetchedAtMs > REFRESH_MS) await refresh().catch(orKeepWhatWeHave);
    try {
      return await keySet!(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || performance.now() - fetchedAtMs < COOLDOWN_MS) throw error;
      await refresh();
      return keySet!(header, token);
    }
  };

  // One question at a time, whoever asks.
  function refresh(): Promise<void> {
    fetching ??= auth
      .getJwks({})
      .then(({ keys }) => {
        keySet = createLocalJWKSet({ keys: keys as JSONWebKeySet['keys'] });
        fetchedAtMs = performance.now();
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  function orKeepWhatWeHave(error: unknown): void {
    if (!keySet) throw error;
  }
}
