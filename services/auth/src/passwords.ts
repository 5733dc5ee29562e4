// Hashing of passwords, bounded: a hash takes 19 MiB and a core for a moment, so a flood of sign-ins must wait or be sent away.
import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { Counter, type Registry } from 'prom-client';
import { fail } from './errors.js';

// argon2id is the library's default algorithm; the figures are OWASP's.
const ARGON2 = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
export const AT_ONCE = 2;
// Little more than a second's work: who would wait longer does better to come again.
export const WAITING_AT_MOST = 100;
const BUSY_RETRY_MS = 1_000;

export interface Passwords {
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /** Without a stored hash (no such account) it takes as long, and says no. */
  matches(stored: string | undefined, password: string, signal?: AbortSignal): Promise<boolean>;
}

/** The registry learns how many were worked on: moa_password_hashes_total. */
export async function openPasswords(registry: Registry): Promise<Passwords> {
  const worked = new Counter({ name: 'moa_password_hashes_total', help: 'Passwords that were hashed or compared', registers: [registry] });
  const waiting: { start: () => void }[] = [];
  let working = 0;
  const nobodys = await hash(randomBytes(32), ARGON2);

  return {
    hash: (password, signal) => inTurn(signal, () => hash(normalized(password), ARGON2)),
    async matches(stored, password, signal) {
      const isRight = await inTurn(signal, () => verify(stored ?? nobodys, normalized(password)));
      return stored !== undefined && isRight;
    },
  };

  /** Throws PASSWORDS_BUSY when too many wait already. Who has gone does not take a turn. */
  async function inTurn<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (working < AT_ONCE) working++;
    else await turn(signal);
    worked.inc();
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next.start();
      else working--;
    }
  }

  function turn(signal: AbortSignal | undefined): Promise<void> {
    if (waiting.length >= WAITING_AT_MOST) throw fail('PASSWORDS_BUSY', {}, { retryAfterMs: BUSY_RETRY_MS });
    return new Promise((resolve, reject) => {
      const gone = () => {
        waiting.splice(waiting.indexOf(entry), 1);
        reject(signal?.reason);
      };
      const entry = {
        start() {
          signal?.removeEventListener('abort', gone);
          resolve();
        },
      };
      waiting.push(entry);
      signal?.addEventListener('abort', gone, { once: true });
    });
  }
}

// The same password typed on two systems may come in different code points (Korean syllables, whole or in parts).
const normalized = (password: string): string => password.normalize('NFKC');
