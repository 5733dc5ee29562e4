// A room's log as a stream: from anywhere, each entry once and in order, through any copy of the service.
import { randomUUID } from 'node:crypto';
import { Entry_Kind } from '@moa/contracts/chat/v1/chat';
import { ChatServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { joinFrames, splitFrames } from '../src/rooms/frames.js';
import { bed, closeBed, fill, follow, from, models, newMember, newRoom, openChat, say, staff, upTo } from './support.js';

const [one, other] = [await openChat(), await openChat()];
const now = (roomId: string) => ({ roomId, after: 0n, fromNow: true });

test('readers at two copies get what is there and what comes, once and in order, while both copies write', async () => {
  const roomId = await newRoom();
  await fill(one, roomId, 100);
  const readers = [one, other, one, other].map(({ chat }, index) => ({ index, ...follow(chat.streamMessages(from(roomId, index * 25))) }));
  await Promise.all([fill(one, roomId, 80), fill(other, roomId, 80)]);
  const late = follow(other.chat.streamMessages(from(roomId, 259)));
  await until(() => readers.every(({ sequences }) => sequences().at(-1) === 260) && late.sequences().length === 1);
  for (const { index, sequences } of readers) assert.equal(sequences(), upTo(260, index * 25));
  for (const { cancel } of [...readers, late]) cancel();
});

test('a reader who comes back goes on where it was, however often it is cut off', async () => {
  const roomId = await newRoom();
  const seen: number[] = [];
  const writing = fill(one, roomId, 120);
  while (seen.length < 120) {
    const reader = follow((seen.length % 2 === 0 ? one : other).chat.streamMessages(from(roomId, seen.length)));
    const wanted = Math.min(1 + ((seen.length * 7) % 20), 120 - seen.length);
    await until(() => reader.sequences().length >= wanted);
    reader.cancel();
    seen.push(...reader.sequences());
  }
  await writing;
  assert.equal(seen, upTo(120));
});

test('from now on is from the sign of life on, which says where that is', async () => {
  const roomId = await newRoom();
  await fill(one, roomId, 3);
  const reader = follow(one.chat.streamMessages(now(roomId)));
  await until(() => reader.signs() === 1);
  const member = await newMember(roomId);
  await say(other, member, roomId, '지금부터');
  await until(() => reader.sequences().length > 0);
  assert.equal(reader.sequences(), [4]);
  reader.cancel();
});

test('what was deleted or hidden comes without what it said, to those who come later and to those who come back', async () => {
  const roomId = await newRoom();
  const member = await newMember(roomId);
  const first = follow(one.chat.streamMessages(from(roomId)));
  const [deleted, hidden] = [await say(one, member, roomId, '지울 말'), await say(one, member, roomId, '나쁜 말')];
  const edit = { requestId: randomUUID(), roomId, sequence: deleted, text: '고친 말', imageUrls: [] };
  await one.chat.editMessage(edit, member.token);
  await one.chat.deleteMessage({ roomId, sequence: deleted }, member.token);
  await one.moderation.hideMessage({ roomId, sequence: hidden }, await staff());
  await until(() => first.sequences().length === 5);
  assert.equal(
    first.entries().map(({ kind, target, content }) => [kind, target, content?.text]),
    [
      [Entry_Kind.KIND_MESSAGE, 0n, '지울 말'],
      [Entry_Kind.KIND_MESSAGE, 0n, '나쁜 말'],
      [Entry_Kind.KIND_EDIT, 1n, '고친 말'],
      [Entry_Kind.KIND_DELETE, 1n, undefined],
      [Entry_Kind.KIND_HIDE, 2n, undefined],
    ],
  );
  // From the lines that the first copy keeps, and from the log through the second.
  for (const { chat } of [one, other]) {
    const later = follow(chat.streamMessages(from(roomId)));
    await until(() => later.sequences().length === 5);
    assert.equal(new Set(later.entries().map(({ content }) => content)), new Set([undefined]));
    later.cancel();
  }
  first.cancel();
});

test('what is lost between copies is read from the log', async () => {
  const roomId = await newRoom();
  const reader = follow(one.chat.streamMessages(from(roomId)));
  const member = await newMember(roomId);
  await say(one, member, roomId, '들리는 말');
  await until(() => reader.sequences().length === 1);
  // Written by a copy that died before it could tell: the log has it, and nobody heard.
  const [entry] = await models.entries.find({ roomId }).lean();
  const { clientKey: _, outbox: __, unsentTime: ___, ...silent } = entry!;
  await models.entries.insertMany([{ ...silent, _id: `${roomId}/2`, sequence: 2 }]);
  await until(() => reader.sequences().length === 2);
  await say(other, member, roomId, '다음 말');
  await until(() => reader.sequences().length === 3);
  assert.equal(reader.sequences(), [1, 2, 3]);
  reader.cancel();
});

test('a reader who takes nothing is closed with a reason, and misses nothing when it comes back', async () => {
  const roomId = await newRoom();
  const people = await Promise.all(Array.from({ length: 40 }, () => newMember(roomId)));
  const slow = follow(bed.connect(ChatServiceDefinition, one.address).streamMessages(from(roomId)));
  const quick = follow(one.chat.streamMessages(from(roomId)));
  slow.stream.pause();
  const text = '느린 사람을 기다리지 않는 긴 이야기. '.repeat(90);
  let count = 0;
  for (let round = 0; round < 8; round++) {
    await Promise.all(people.map((person) => say(one, person, roomId, text)));
    count += people.length;
  }
  await until(() => quick.sequences().length === count);
  await until(async () => (await one.openStreams()) === 1);
  slow.stream.resume();
  await until(() => slow.outcome());
  assert.is(slow.outcome(), 'READER_TOO_SLOW');
  assert.ok(slow.sequences().length < count);
  const again = follow(one.chat.streamMessages(from(roomId, slow.sequences().length)));
  await until(() => slow.sequences().length + again.sequences().length === count);
  assert.equal([...slow.sequences(), ...again.sequences()], upTo(count));
  for (const { cancel } of [quick, again]) cancel();
});

test('a person reads five streams at a copy; a room that is not there, or a sequence that is not yet, is told', async () => {
  const roomId = await newRoom();
  const token = await bed.as(randomUUID());
  const streams = Array.from({ length: 6 }, () => follow(one.chat.streamMessages(now(roomId), token)));
  await until(() => streams.some(({ outcome }) => outcome() === 'STREAMS_TOO_MANY'));
  await until(() => streams.filter(({ signs }) => signs() === 1).length === 5);
  for (const { cancel } of streams) cancel();
  const again = follow(one.chat.streamMessages(now(roomId), token));
  await until(() => again.signs() === 1 || again.outcome());
  again.cancel();
  const [missing, ahead] = [follow(one.chat.streamMessages(from(randomUUID()))), follow(one.chat.streamMessages(from(roomId, 7)))];
  await until(() => missing.outcome() && ahead.outcome());
  assert.equal([missing.outcome(), ahead.outcome()], ['ROOM_NOT_FOUND', 'SEQUENCE_AHEAD']);
});

test('lines that go together come apart as they were', () => {
  const lines = [1, 200, 0, 70_000].map((length) => new Uint8Array(length).fill(length % 251));
  assert.equal(
    splitFrames(joinFrames(lines)).map((line) => [...line]),
    lines.map((line) => [...line]),
  );
});

test.after(async () => {
  await closeBed(one.stop, other.stop);
});
test.run();
