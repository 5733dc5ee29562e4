// Slows down guessing, whether or not the address that is guessed at has an account: past a few free attempts each one makes the next wait
// longer, up to a limit. Counted for each account from each network, for each network, and for each account from networks that it has
// never signed in from: so guesses from everywhere are slow, too, and yet never keep the owner out. Counted in Redis, on its clock; without
// Redis, sign-in goes on.
import { createHash } from 'node:crypto';
import type { Call, Host, Redis } from '@moa/kit';
import { networkOf } from './domain/network.js';

/** Attempts that cost nothing: at one account from one network, from one network, and at one account from anywhere. */
const FREE_ATTEMPTS = { pair: 10, network: 100, account: 50 } as const;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** Without attempts for so long, all is forgotten. */
const FORGET_MS = 15 * 60_000;
/** How long an account is known to sign in from a network. */
const KNOWN_MS = 30 * 86_400_000;

// Counts an attempt before its outcome is known, so that many at once are no way around.
const ATTEMPT = `
  local wait = redis.call('PTTL', KEYS[2])
  if wait > 0 then return wait end
  local over = redis.call('INCR', KEYS[1]) - tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  if over >= 0 then redis.call('SET', KEYS[2], '1', 'PX', math.min(tonumber(ARGV[2]) * 2 ^ math.min(over, 20), tonumber(ARGV[3]))) end
  return 0`;

// Takes one attempt back, of a count that is still there.
const FORGIVE = `if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end`;

/** Who is guessed at, by an address or an id, and the call that guesses. */
export interface Attempt {
  readonly account: string;
  readonly call: Pick<Call, 'address'>;
}

export interface Throttle {
  /** Counts an attempt. 0: go on; otherwise how long to wait, in milliseconds. */
  attempt(attempt: Attempt): Promise<number>;
  /** The attempt was the right one: it does not count, and the account is known to sign in from there. */
  succeeded(attempt: Attempt): Promise<void>;
}

export function openThrottle(redis: Redis, prefix: string, log: Host['log']): Throttle {
  // An address in Redis would be personal data in a cache.
  const key = (...parts: string[]) => `${prefix}sign-in:{${createHash('sha256').update(parts.join('\n')).digest('base64url')}}`;
  const keysOf = ({ account, call }: Attempt) => {
    const network = networkOf(call.address);
    return { pair: key('pair', account, network), network: key('network', network), account: key('account', account) };
  };
  const count = (name: string, free: number) =>
    redis.eval(ATTEMPT, 2, `${name}:attempts`, `${name}:wait`, free, FIRST_DELAY_MS, LONGEST_DELAY_MS, FORGET_MS) as Promise<number>;

  return {
    attempt: (attempt) =>
      orGoOn(0, async () => {
        const keys = keysOf(attempt);
        const waitMs = (await count(keys.pair, FREE_ATTEMPTS.pair)) || (await count(keys.network, FREE_ATTEMPTS.network));
        if (waitMs > 0 || (await redis.exists(`${keys.pair}:known`))) return waitMs;
        return count(keys.account, FREE_ATTEMPTS.account);
      }),
    succeeded: (attempt) =>
      orGoOn(undefined, async () => {
        const keys = keysOf(attempt);
        await Promise.all([
          redis.del(`${keys.pair}:attempts`, `${keys.pair}:wait`),
          redis.set(`${keys.pair}:known`, '1', 'PX', KNOWN_MS),
          // Where the guesses of others are counted, too, no more than this one attempt is taken back.
          redis.eval(FORGIVE, 1, `${keys.network}:attempts`),
          redis.eval(FORGIVE, 1, `${keys.account}:attempts`),
        ]);
      }),
  };

  async function orGoOn<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'sign-in is not throttled: Redis does not answer');
      return otherwise;
    }
  }
}
