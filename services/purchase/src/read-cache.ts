// What many read and few change, kept for a moment: in the process, where readers of the same thing share one read, and in Redis, where the
// copies of the service share it. A change makes what is kept in Redis stale at once; where nobody tells of it (NATS or Redis is away, or an
// order has taken a piece), the short life does. Nothing that is given was read, or asked for, more than a second ago. Without Redis all goes on.
import { newId, type Redis } from '@moa/kit';

/** In Redis, from when its read began. */
const LIVES_MS = 750;
/** In the process, from when it was asked for: no change is told there. */
const LIVES_HERE_MS = 100;
/** A read that has taken longer is not waited for by those who come now: it may not see what they know of. */
const JOINED_MS = 500;
/** As long as anything may live that was read before a change. */
const CHANGE_LIVES_MS = 2 * LIVES_MS;
/** After it has failed, Redis is left alone for so long: each try may take its time. */
const REDIS_RESTS_MS = 1_000;
const KEPT_AT_MOST = 2_000;
const NO_CHANGE = '-';
const CHANGE_END = '\n'.charCodeAt(0);

/** How something is written down: a message's type, or asJson. */
interface Format<T> {
  encode(value: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

export const asJson = <T>(): Format<T> => ({
  encode: (value) => ({ finish: () => Buffer.from(JSON.stringify(value)) }),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as T,
});

export interface ReadCache {
  /** What `load` gives, or gave a moment ago. `group` is what changes at once, `key` is told apart in it. */
  read<T>(group: string, key: string, format: Format<T>, load: () => Promise<T>): Promise<T>;
  /** The same without Redis. */
  readHere<T>(name: string, load: () => Promise<T>): Promise<T>;
  /** What was read of a group until now counts no more. Never fails. */
  forget(group: string): Promise<void>;
}

interface Entry {
  readonly value: Promise<unknown>;
  /** Until then it is given to whoever asks. */
  untilMs: number;
}

export function openReadCache(redis: Redis, prefix: string): ReadCache {
  const entries = new Map<string, Entry>();
  let restsUntilMs = 0;

  return {
    read: (group, key, format, load) => readHere(keyOf(group, key), () => readThrough(group, key, format, load)),
    readHere,
    async forget(group) {
      await redis.set(changeOf(group), newId(), 'PX', CHANGE_LIVES_MS).catch(() => {});
    },
  };

  function readHere<T>(name: string, load: () => Promise<T>): Promise<T> {
    const known = entries.get(name);
    const nowMs = performance.now();
    if (known && nowMs < known.untilMs) return known.value as Promise<T>;
    const value = load();
    const entry: Entry = { value, untilMs: nowMs + JOINED_MS };
    keep(name, entry);
    value.then(
      () => {
        entry.untilMs = nowMs + LIVES_HERE_MS;
      },
      // What went wrong is told to those who wait, and to nobody after them.
      () => entries.get(name) === entry && entries.delete(name),
    );
    return value;
  }

  async function readThrough<T>(group: string, key: string, format: Format<T>, load: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const shared = await trying(() => redis.mgetBuffer(changeOf(group), keyOf(group, key)));
    if (!shared) return load();
    const [lastChange, kept] = shared;
    const change = lastChange?.toString('latin1') ?? NO_CHANGE;
    if (kept) {
      const end = kept.indexOf(CHANGE_END);
      if (kept.toString('latin1', 0, end) === change) return format.decode(kept.subarray(end + 1));
    }
    const value = await load();
    const livesMs = Math.floor(LIVES_MS - (performance.now() - startMs));
    // A change that comes meanwhile is told apart: this bears the name of the one before it.
    const bytes = () => Buffer.concat([Buffer.from(`${change}\n`, 'latin1'), format.encode(value).finish()]);
    // Nobody waits for it.
    if (livesMs > 0) void trying(() => redis.set(keyOf(group, key), bytes(), 'PX', livesMs));
    return value;
  }

  async function trying<T>(ask: () => Promise<T>): Promise<T | undefined> {
    if (performance.now() < restsUntilMs) return undefined;
    try {
      return await ask();
    } catch {
      restsUntilMs = performance.now() + REDIS_RESTS_MS;
      return undefined;
    }
  }

  function keep(name: string, entry: Entry): void {
    // A map keeps the order of insertion: the oldest goes first.
    entries.delete(name);
    if (entries.size >= KEPT_AT_MOST) entries.delete(entries.keys().next().value!);
    entries.set(name, entry);
  }

  // A group lies together, where Redis is a cluster.
  function keyOf(group: string, key: string): string {
    return `${prefix}read:{${group}}:${key}`;
  }

  function changeOf(group: string): string {
    return `${prefix}change:{${group}}`;
  }
}
