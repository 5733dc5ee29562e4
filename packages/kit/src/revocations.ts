// Sessions whose tokens are refused before they expire: ended ones, and those of accounts that lost something their tokens still name.
// Auth is asked every few seconds, which is the promise of five; the event that is heard as well only makes it quicker, and may get lost.
import { ACCESS_TOKEN_MS } from './caller.js';
import type { Clock } from './clock.js';

/** How often auth is asked. */
export const ASKED_EVERY_MS = 3_000;
// Transactions that began before the last question, and committed after it.
const OVERLAP_MS = 30_000;
// What was revoked longer ago has no token left that could be used.
const KEPT_MS = ACCESS_TOKEN_MS + OVERLAP_MS;

export interface RevokedSession {
  readonly sessionId: string;
  /** Tokens of the session with a lower version are refused. */
  readonly version: number;
  readonly revokeTime: Date;
}

export interface Revocations {
  /** Resolves when the first list is there: before that nobody can say which tokens hold. Throws when it cannot be had. */
  ready(): Promise<void>;
  /** Asks what was revoked since the last time. */
  refresh(): Promise<void>;
  add(revoked: RevokedSession): void;
  includes(sessionId: string, version: number): boolean;
}

/** `list` gives the sessions that were revoked since a time. */
export function openRevocations(list: (since: Date) => Promise<readonly RevokedSession[]>, clock: Clock): Revocations {
  const known = new Map<string, { readonly version: number; readonly forgetAtMs: number }>();
  let askedAtMs: number | undefined;
  let asking: Promise<void> | undefined;

  const revocations: Revocations = {
    async ready() {
      if (askedAtMs === undefined) await revocations.refresh();
    },
    // One question at a time, whoever asks.
    refresh() {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    add({ sessionId, version, revokeTime }) {
      if ((known.get(sessionId)?.version ?? 0) >= version) return;
      known.set(sessionId, { version, forgetAtMs: revokeTime.getTime() + KEPT_MS });
    },
    includes: (sessionId, version) => version < (known.get(sessionId)?.version ?? 0),
  };
  return revocations;

  async function ask(): Promise<void> {
    const nowMs = clock.now().getTime();
    // A clock that was set back must not skip what is revoked from now on.
    const since = askedAtMs === undefined ? nowMs - KEPT_MS : Math.min(askedAtMs, nowMs) - OVERLAP_MS;
    for (const revoked of await list(new Date(since))) revocations.add(revoked);
    askedAtMs = nowMs;
    for (const [sessionId, { forgetAtMs }] of known) if (forgetAtMs < nowMs) known.delete(sessionId);
  }
}
