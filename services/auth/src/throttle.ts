// Slows down guessing at one address, whether or not it has an account: past a few free attempts each one makes the next wait longer, up
// to a limit, so that nobody can lock another out for good. Counted in Redis, on its clock; without Redis, sign-in goes on.
import { createHash } from 'node:crypto';
import type { Host } from '@moa/kit';
import type { Redis } from 'ioredis';

const FREE_ATTEMPTS = 10;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** Without attempts for so long, all is forgotten. */
const FORGET_MS = 15 * 60_000;

// Counts an attempt before its outcome is known, so that many at once are no way around; a success takes all of them back.
const ATTEMPT = `
  local wait = redis.call('PTTL', KEYS[2])
  if wait > 0 then return wait end
  local over = redis.call('INCR', KEYS[1]) - tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  if over >= 0 then redis.call('SET', KEYS[2], '1', 'PX', math.min(tonumber(ARGV[2]) * 2 ^ math.min(over, 20), tonumber(ARGV[3]))) end
  return 0`;

export interface Throttle {
  /** Counts an attempt. 0: go on; otherwise how long to wait, in milliseconds. */
  attempt(emailKey: string): Promise<number>;
  /** The attempt was the right one. */
  clear(emailKey: string): Promise<void>;
}

export function openThrottle(redis: Redis, prefix: string, log: Host['log']): Throttle {
  const keysOf = (emailKey: string) => {
    // An address in Redis would be personal data in a cache.
    const name = `${prefix}sign-in:{${createHash('sha256').update(emailKey).digest('base64url')}}`;
    return [`${name}:attempts`, `${name}:wait`] as const;
  };
  return {
    attempt: (emailKey) =>
      orGoOn(
        0,
        () => redis.eval(ATTEMPT, 2, ...keysOf(emailKey), FREE_ATTEMPTS, FIRST_DELAY_MS, LONGEST_DELAY_MS, FORGET_MS) as Promise<number>,
      ),
    clear: (emailKey) =>
      orGoOn(undefined, async () => {
        await redis.del(...keysOf(emailKey));
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
