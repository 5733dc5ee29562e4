// A room's lines and its readers, without a service around them.
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { StreamMessagesResponse } from '@moa/contracts/chat/v1/chat_service';
import { Failure, type Host } from '@moa/kit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeEntry } from '../src/convert.js';
import { type Draft, type Entry, type EntryKind, NOTHING } from '../src/domain/entry.js';
import { joinFrames } from '../src/rooms/frames.js';
import { type Line, lineOf } from '../src/rooms/line.js';
import { openRoomFeeds } from '../src/rooms/room-feeds.js';

const quiet = { warn() {} } as unknown as Host['log'];

function line(sequence: number, kind: EntryKind = 'MESSAGE', target = 0): Line {
  const draft: Draft = { kind, authorId: randomUUID(), mark: 'NONE', target, content: { ...NOTHING, text: `말 ${sequence}` } };
  const rest = { roomId: 'room', projectId: 'project', sequence, time: new Date(0), commitment: '', previous: '', hash: '' };
  const entry: Entry = { ...draft, ...rest, nonce: undefined, purgeTime: undefined };
  return lineOf(encodeEntry(entry, true, new Map()));
}

/** A log in memory, and a way to tell of it that the test has in its hand. */
function openHouse(count: number, silentMs = 60_000) {
  const log = Array.from({ length: count }, (_, index) => line(index + 1));
  const heard = new Set<(payload: Uint8Array) => void>();
  const live = {
    publish() {},
    subscribe(_: string, hear: (payload: Uint8Array) => void) {
      heard.add(hear);
      return () => void heard.delete(hear);
    },
  };
  let reads = 0;
  const lines = {
    async after(_: string, sequence: number, limit: number) {
      reads++;
      return log.slice(sequence, sequence + limit);
    },
    newest: async (_: string, limit: number) => log.slice(-limit),
  };
  const stop = new AbortController();
  const feeds = openRoomFeeds(live, lines, quiet, silentMs);
  return {
    log,
    feeds,
    stop,
    reads: () => reads,
    subscribed: () => heard.size,
    tell(...told: Line[]) {
      for (const hear of heard) hear(joinFrames(told.map(({ bytes }) => bytes)));
    },
    read(after: number | undefined) {
      const iterator = feeds.read('room', after, { signal: stop.signal, async enter() {}, leave() {} })[Symbol.asyncIterator]();
      return {
        iterator,
        async take(most: number) {
          const taken: StreamMessagesResponse[] = [];
          while (taken.length < most) {
            const { value } = await iterator.next();
            if (value) taken.push(StreamMessagesResponse.decode(value));
          }
          return taken;
        },
      };
    },
  };
}

const sequencesOf = (messages: readonly StreamMessagesResponse[]) => messages.map(({ entry, upTo }) => Number(entry?.sequence ?? -upTo));

test('what is told late, twice, or in another order comes once and in order', async () => {
  const house = openHouse(2);
  const reader = house.read(0);
  assert.equal(sequencesOf(await reader.take(2)), [1, 2]);
  const [three, four, five] = [line(3), line(4), line(5)];
  house.log.push(three, four, five);
  house.tell(five);
  house.tell(three, four);
  house.tell(three);
  assert.equal(sequencesOf(await reader.take(3)), [3, 4, 5]);
});

test('in a quiet room there is a sign of life, which says up to where one has everything', async () => {
  const house = openHouse(2, 0);
  const reader = house.read(2);
  const next = reader.take(1);
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  await house.feeds.look();
  assert.equal(sequencesOf(await next), [-2]);
});

test('who reads along and falls out of the lines that are kept is too slow; who is still behind is not', async () => {
  const house = openHouse(0);
  const [along, behind] = [house.read(undefined), house.read(0)];
  await along.take(1);
  const more = Array.from({ length: 1_100 }, (_, index) => line(index + 1));
  house.log.push(...more);
  const first = behind.take(1);
  for (const each of more) house.tell(each);
  const error: unknown = await along.iterator.next().catch((refusal) => refusal);
  assert.is(error instanceof Failure && error.reason, 'READER_TOO_SLOW');
  assert.equal(sequencesOf([...(await first), ...(await behind.take(1_099))]).length, 1_100);
});

test('when the last reader has gone, nothing is listened to; a stream that is aborted ends', async () => {
  const house = openHouse(1);
  const reader = house.read(1);
  const waiting = reader.iterator.next();
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  assert.is(house.subscribed(), 1);
  house.stop.abort();
  assert.is((await waiting).done, true);
  assert.is(house.subscribed(), 0);
});

test('a deletion takes the words out of lines that are kept', async () => {
  const house = openHouse(1);
  const first = house.read(0);
  await first.take(1);
  const gone = line(2, 'DELETE', 1);
  house.log.push(gone);
  house.tell(gone);
  await first.take(1);
  const [message] = await house.read(0).take(1);
  assert.is(message!.entry!.content, undefined);
});

test.run();
