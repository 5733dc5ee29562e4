// Rooms' logs for everybody who reads along: the newest lines are kept once for each room, and each reader has its place in them. Copies of
// the service tell each other what is new; whatever did not come that way is read from the log.
import { setImmediate } from 'node:timers/promises';
import type { Host, Live } from '@moa/kit';
import { fail } from '../errors.js';
import { splitFrames } from './frames.js';
import { blank, type Line, lineOf, takesAway } from './line.js';
import { type Lines, RoomReader, type Visit } from './room-reader.js';

/** Lines that a room keeps for its readers. Who reads along and is further behind is too slow. */
const KEPT = 512;
/** Before the oldest are cut off. */
const KEPT_AT_MOST = 2 * KEPT;
/** From the log in one go. */
const PAGE = 100;
/** What a room begins with, so that those who come back find it. */
const FIRST = PAGE;
const SILENT_MS = 60_000;
/** Rooms that are compared with their log in one look. */
const LOOKED_AT_ONCE = 100;
/** In a room that was told something within this time, the next line would show that one is missing. */
const QUIET_MS = 1_000;
const SERVED_AT_ONCE = 500;

/** Reads lines of a room's log. */
export interface LineReader {
  /** After a sequence, in their order. */
  after(roomId: string, sequence: number, limit: number): Promise<readonly Line[]>;
  /** The newest, in their order. */
  newest(roomId: string, limit: number): Promise<readonly Line[]>;
}

export interface RoomFeeds {
  /**
   * A room's log after a sequence, each line once and in order, and signs of life: `after` undefined reads from now on. Ends with the visit's signal.
   * Throws SEQUENCE_AHEAD for a sequence that the log has not come to, and READER_TOO_SLOW.
   */
  read(roomId: string, after: number | undefined, visit: Visit): AsyncIterable<Uint8Array>;
  /** Compares rooms that are read with their log, those first that were not looked at for longest. */
  look(): Promise<void>;
}

interface Feed extends Lines {
  readonly roomId: string;
  readonly readers: Set<RoomReader>;
  toldMs: number;
  lookedMs: number;
  filling: Promise<void> | undefined;
  readonly opened: Promise<void>;
  close(): void;
}

/** `silentMs`: after so long without a line there is a sign of life. */
export function openRoomFeeds(live: Live, log: LineReader, logger: Host['log'], silentMs = SILENT_MS): RoomFeeds {
  const feeds = new Map<string, Feed>();

  return {
    read: (roomId, after, visit) => ({
      [Symbol.asyncIterator]() {
        const feed = feeds.get(roomId) ?? open(roomId);
        const reader: RoomReader = new RoomReader(feed, after, visit, {
          readOn: (at) => log.after(roomId, at, PAGE),
          expect: (at) => expectReached(feed, at),
          left: () => {
            feed.readers.delete(reader);
            if (feed.readers.size === 0) close(feed);
          },
        });
        feed.readers.add(reader);
        return reader;
      },
    }),
    async look() {
      const nowMs = performance.now();
      const quiet = [...feeds.values()].filter(({ toldMs }) => nowMs - toldMs >= QUIET_MS);
      const oldest = quiet.sort((a, b) => a.lookedMs - b.lookedMs).slice(0, LOOKED_AT_ONCE);
      await Promise.all(oldest.map(fill));
      for (const feed of feeds.values()) {
        if (nowMs - feed.toldMs < silentMs) continue;
        feed.signs++;
        void wakeAll(feed, nowMs);
      }
    },
  };

  async function expectReached(feed: Feed, at: number): Promise<void> {
    await feed.opened;
    if (at > feed.head) await fill(feed);
    if (at > feed.head) throw fail('SEQUENCE_AHEAD', { sequence: feed.head });
  }

  function open(roomId: string): Feed {
    const nowMs = performance.now();
    const unsubscribe = live.subscribe(roomId, (payload) => hear(feed, splitFrames(payload).map(lineOf)));
    const feed: Feed = {
      roomId,
      lines: [],
      head: -1,
      readers: new Set(),
      signs: 0,
      toldMs: nowMs,
      lookedMs: nowMs,
      filling: undefined,
      opened: log.newest(roomId, FIRST).then((lines) => {
        feed.head = (lines[0]?.sequence ?? 1) - 1;
        take(feed, lines);
      }),
      close: unsubscribe,
    };
    feed.opened.catch(() => close(feed));
    feeds.set(roomId, feed);
    return feed;
  }

  function close(feed: Feed): void {
    if (feeds.get(feed.roomId) !== feed) return;
    feeds.delete(feed.roomId);
    feed.close();
  }

  // What does not follow on what is there shows that something did not come, or not yet.
  function hear(feed: Feed, lines: readonly Line[]): void {
    if (feed.head >= 0 && lines[0]!.sequence <= feed.head + 1) take(feed, lines);
    else void fill(feed);
  }

  function take(feed: Feed, lines: readonly Line[]): void {
    for (const line of lines) {
      if (line.sequence !== feed.head + 1) continue;
      if (takesAway(line)) blankIn(feed, line.target);
      feed.lines.push(line);
      feed.head = line.sequence;
    }
    if (feed.lines.length > KEPT_AT_MOST) feed.lines = feed.lines.slice(-KEPT);
    void wakeAll(feed, performance.now());
  }

  // Those who come back must not find it here any more.
  function blankIn({ lines }: Feed, target: number): void {
    for (const [index, line] of lines.entries()) {
      if (line.sequence === target || line.target === target) lines[index] = blank(line);
    }
  }

  async function fill(feed: Feed): Promise<void> {
    feed.filling ??= readOn(feed).finally(() => {
      feed.filling = undefined;
    });
    await feed.filling.catch((error) => logger.warn({ roomId: feed.roomId, err: error }, 'the log cannot be read'));
  }

  async function readOn(feed: Feed): Promise<void> {
    await feed.opened;
    for (;;) {
      const lines = await log.after(feed.roomId, feed.head, PAGE);
      feed.lookedMs = performance.now();
      if (lines.length > 0) take(feed, lines);
      if (lines.length < PAGE) return;
    }
  }
}

// A crowd is served in parts, so that other calls are answered in between.
async function wakeAll(feed: Feed, nowMs: number): Promise<void> {
  feed.toldMs = nowMs;
  let count = 0;
  for (const reader of feed.readers) {
    reader.wake();
    if (++count % SERVED_AT_ONCE === 0) await setImmediate();
  }
}
