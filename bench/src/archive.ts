// Rooms full of messages, sealed as the chat service seals them, and what the MongoDB driver does of a search: for the benchmark of the archive.
import { randomBytes, randomUUID } from 'node:crypto';
import { NO_HASH, seal } from '@moa/chat/chain';
import { gramsOf } from '@moa/chat/grams';
import type { EntryDocument, Models } from '@moa/chat/models';
import { MongoClient } from 'mongodb';

const ROOMS = 100;
const INSERTED_TOGETHER = 500;
const INSERTS_AT_ONCE = 4;
const FILL_AT_MOST_MS = 15 * 60_000;
const TELL_EVERY = 100_000;
export const WORD = '송금';
const TEXTS = [`오늘 계좌로 ${WORD}했습니다`, '배송은 언제 시작하나요?', 'is the blue one still there?', '손잡이를 더 둥글게 다듬었어요'];

interface Room {
  readonly roomId: string;
  readonly projectId: string;
  previous: string;
  sequence: number;
}

/** Makes so many messages, or as many as there is time for. Gives how many, and one of the rooms with how many of them it has. */
export async function fillArchive(
  { entries, rooms: roomDocuments }: Models,
  url: string,
  wanted: number,
  log: (line: string) => void,
): Promise<{ count: number; roomId: string; ofRoom: number }> {
  const rooms = Array.from(
    { length: ROOMS },
    (): Room => ({ roomId: randomUUID(), projectId: randomUUID(), previous: NO_HASH, sequence: 0 }),
  );
  const authors = Array.from({ length: ROOMS }, () => randomUUID());
  const startMs = Date.now() - wanted;
  const startedMs = performance.now();
  let count = 0;
  // Of its own: inserts that wait for each other may take longer than a call may.
  const client = new MongoClient(url, { socketTimeoutMS: 0 });
  const stored = client.db().collection(entries.collection.collectionName);
  const fill = async (): Promise<void> => {
    while (count < wanted && performance.now() - startedMs < FILL_AT_MOST_MS) {
      const first = count;
      count += Math.min(INSERTED_TOGETHER, wanted - first);
      const documents = Array.from({ length: count - first }, (_, index) => {
        const at = first + index;
        return messageOf(rooms[at % ROOMS]!, authors[(at * 7) % ROOMS]!, TEXTS[at % TEXTS.length]!, new Date(startMs + at));
      });
      await stored.insertMany(documents as never[]);
      if (first % TELL_EVERY === 0) log(`${count} after ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    }
  };
  await Promise.all(Array.from({ length: INSERTS_AT_ONCE }, fill));
  await client.close();
  log(`${count} messages stand there: ${(count / (performance.now() - startedMs)).toFixed(1)} thousand a second`);
  const { roomId, projectId, sequence } = rooms[0]!;
  const time = new Date(startMs);
  await roomDocuments.create({
    _id: roomId,
    projectId,
    sellerId: randomUUID(),
    title: 'Room',
    state: 'OPEN',
    createTime: time,
    lastSequence: sequence,
    talkTime: time,
    memberCount: 0,
    countVersion: 0,
  });
  return { count, roomId, ofRoom: sequence };
}

function messageOf(room: Room, authorId: string, text: string, time: Date): EntryDocument {
  room.sequence += 1;
  const { roomId, projectId, sequence, previous } = room;
  const content = { text, imageUrls: [], replyTo: 0, mentions: [] };
  const entry = seal(
    { kind: 'MESSAGE', authorId, mark: 'NONE', target: 0, content },
    { roomId, projectId, sequence, time, previous },
    randomBytes(32),
  );
  room.previous = entry.hash;
  const { purgeTime: _, ...stored } = entry;
  return { _id: `${roomId}/${sequence}`, ...stored, grams: gramsOf(text) };
}

/** What the driver does of a page: the page alone, or more of what the archive does for it, by the same indexes. */
export async function openDriver({ entries, reports, accessRecords }: Models, pageSize: number) {
  // Not in the archive's own log, whose chain goes on meanwhile; with the same indexes.
  const records = accessRecords.db.collection('bench_records');
  await records.createIndexes([{ key: { accountId: 1, _id: -1 } }, { key: { caseId: 1, _id: -1 } }]);
  const page = (before: Date | undefined) =>
    entries.collection
      .find({ grams: { $all: [WORD] }, ...(before && { time: { $lt: before } }) }, { projection: { grams: 0, outbox: 0, clientKey: 0 } })
      .sort({ time: -1, sequence: -1, roomId: -1 })
      .limit(pageSize)
      .toArray() as Promise<unknown> as Promise<EntryDocument[]>;
  const record = () =>
    records.insertOne({
      time: new Date(),
      accountId: randomUUID(),
      action: 'SearchMessages',
      caseId: 'BENCH',
      purpose: 'a benchmark',
      detail: JSON.stringify({ text: WORD, pageSize }),
      previous: NO_HASH,
      hash: NO_HASH,
    });
  const states = (found: readonly EntryDocument[]) =>
    Promise.all([
      entries.collection
        .find(
          { $or: found.map(({ roomId, sequence }) => ({ roomId, target: sequence })) },
          { projection: { roomId: 1, target: 1, kind: 1 } },
        )
        .sort({ sequence: 1 })
        .toArray(),
      reports.collection.find({ $or: found.map(({ roomId, sequence }) => ({ roomId, sequence })) }).toArray(),
    ]);
  return {
    'driver, the page alone': page,
    'driver, with a record': (before: Date | undefined) => Promise.all([page(before), record()]),
    'driver, with a record and the states': (before: Date | undefined) => Promise.all([page(before).then(states), record()]),
  } satisfies Record<string, (before: Date | undefined) => Promise<unknown>>;
}
