// Writes rooms' logs. Sequence, previous hash and entry are decided by one conditional insert: who has a room's next sequence has it, in
// whichever copy of the service. What waits in a copy goes in one insert; who loses looks again, and decides again.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessagePosted } from '@moa/contracts/chat/v1/chat_events';
import { crashPoint, type Documents, type Host, kitFail, type Origin } from '@moa/kit';
import { carrying, eventOf } from '@moa/kit/mongo';
import { HASH_BYTES } from '@moa/verify';
import { kindToProto } from '../convert.js';
import { NO_HASH, seal } from '../domain/chain.js';
import { decide, type Look, type Wish } from '../domain/decide.js';
import type { Entry } from '../domain/entry.js';
import { gramsOf } from '../domain/grams.js';
import type { Member } from '../domain/member.js';
import { findByKeys, findHead, findTold, type Head } from '../store/entries.js';
import { insertInOrder } from '../store/insert.js';
import { membersOf } from '../store/members.js';
import type { EntryDocument, Models, RoomDocument } from '../store/models.js';
import { noteTalk } from '../store/rooms.js';
import { coalesced } from './coalesced.js';

/** One insert; a message of NATS that carries all of them stays below its limit. */
const MOST_TOGETHER = 64;
const MOST_WAITING = 2_000;
const RETRY_MS = 20;
/** After that everything is looked at again. */
const QUICK_TRIES = 3;
const SHED_RETRY_MS = 500;
/** Rooms whose head this copy knows. */
const REMEMBERED = 5_000;

/** A wish, and whoever has it. */
export interface Writing extends Wish, Origin {
  /** <room>/<author>/<request>, of a wish that may be sent again. */
  readonly clientKey: string | undefined;
  /** When nobody waits for it any more, in milliseconds of the machine's clock. */
  readonly deadlineMs: number;
}

export interface RoomWriter {
  /** Gives the entry, or undefined when it was so already; gives the same entry for a wish that is sent again. */
  write(writing: Writing): Promise<Entry | undefined>;
  /** Resolves when everything that waits is written. */
  drain(): Promise<void>;
}

interface Writes extends Pick<Documents<Models>, 'models'>, Pick<Host, 'log'> {
  wakeRelay(): void;
}

/** Tells readers of entries: those of one insert, in their order, with their authors. */
export type Tell = (roomId: string, entries: readonly Entry[], members: ReadonlyMap<string, Member>) => void;

type Settled = { readonly entry: Entry | undefined } | { readonly error: unknown };

class Waiting {
  isSettled = false;
  readonly writing: Writing;
  readonly #resolve: (outcome: Settled) => void;

  constructor(writing: Writing, resolve: (outcome: Settled) => void) {
    this.writing = writing;
    this.#resolve = resolve;
  }

  settle(outcome: Settled): void {
    this.isSettled = true;
    this.#resolve(outcome);
  }
}

interface Room {
  waiting: Waiting[];
  running: Promise<void> | undefined;
  /** As this copy saw it last; undefined when it has to look. */
  head: Head | undefined;
}

interface Decided {
  readonly waiting: Waiting;
  readonly entry: Entry;
}

export function openRoomWriter({ models, wakeRelay, log }: Writes, tell: Tell): RoomWriter {
  const rooms = new Map<string, Room>();
  // Only the newest counts; a kill leaves it behind until the next.
  const talk = coalesced(async (roomId) => {
    const head = rooms.get(roomId)?.head;
    if (head) await noteTalk(models, roomId, head.sequence, head.time);
  });

  return {
    write: (writing) =>
      new Promise((resolve, reject) => {
        const room = roomOf(writing.roomId);
        if (room.waiting.length >= MOST_WAITING) return reject(kitFail('OVERLOADED', {}, { retryAfterMs: SHED_RETRY_MS }));
        room.waiting.push(new Waiting(writing, (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.entry))));
        room.running ??= run(writing.roomId, room);
      }),
    async drain() {
      await Promise.all([...rooms.values()].map(({ running }) => running));
      await talk.drain();
    },
  };

  // Those that were written to last stand last.
  function roomOf(id: string): Room {
    const room = rooms.get(id) ?? { waiting: [], running: undefined, head: undefined };
    rooms.delete(id);
    rooms.set(id, room);
    if (rooms.size > REMEMBERED) {
      const [oldest, { running }] = rooms.entries().next().value!;
      if (!running) rooms.delete(oldest);
    }
    return room;
  }

  async function run(roomId: string, room: Room): Promise<void> {
    while (room.waiting.length > 0) {
      const together = takeTogether(room);
      try {
        await writeTogether(roomId, room, together);
      } catch (error) {
        log.warn({ roomId, err: error }, 'an insert failed');
        // Nobody knows what was written: everything is looked at again, and what has its place already is found.
        room.head = undefined;
        giveUpOrWait(room, together);
        await sleep(RETRY_MS + Math.random() * RETRY_MS);
      }
    }
    room.running = undefined;
  }

  async function writeTogether(roomId: string, room: Room, together: readonly Waiting[]): Promise<void> {
    // The head first: what is seen of messages afterwards is never older than it, and if it is newer, the insert finds its place taken.
    room.head ??= (await findHead(models, roomId)) ?? { sequence: 0, hash: NO_HASH, time: new Date(0) };
    const [stored, made, members, told] = await lookFor(models, roomId, together);
    const look: Look = { room: stored ?? undefined, member: (id) => members.get(id), told: (sequence) => told.get(sequence) };
    let left = together;
    for (let tries = 1; left.length > 0; tries++) {
      const decided = decideAll(room.head, stored, left, made, look);
      if (decided.length === 0) return;
      crashPoint('chat.write.decided');
      const count = await insertInOrder(models.entries, decided.map(documentOf));
      crashPoint('chat.write.inserted');
      const written = decided.slice(0, count);
      if (written.length > 0) tellAll(roomId, room, written, members);
      if (count === decided.length) return;
      left = decided.slice(count).map(({ waiting }) => waiting);
      room.head = await findHead(models, roomId);
      // Somebody else was first. What is about nothing in the log is decided as before; a wish that is there already is found by the next look.
      if (tries === QUICK_TRIES || !room.head || left.some(({ writing }) => isAboutLog(writing))) {
        room.head = undefined;
        return giveUpOrWait(room, left);
      }
    }
  }

  function tellAll(roomId: string, room: Room, written: readonly Decided[], members: ReadonlyMap<string, Member>): void {
    room.head = written.at(-1)!.entry;
    wakeRelay();
    talk.ask(roomId);
    tell(
      roomId,
      written.map(({ entry }) => entry),
      members,
    );
    for (const { waiting, entry } of written) waiting.settle({ entry });
  }
}

const isAboutLog = ({ target, content }: Writing): boolean => target > 0 || content.replyTo > 0;

// Of those about one message only the first: the next is decided on what it did.
function takeTogether(room: Room): Waiting[] {
  const together: Waiting[] = [];
  const later: Waiting[] = [];
  const targets = new Set<number>();
  for (const waiting of room.waiting) {
    const { target, clientKey } = waiting.writing;
    const isFirst =
      (target === 0 || !targets.has(target)) && !together.some(({ writing }) => clientKey !== undefined && writing.clientKey === clientKey);
    if (together.length < MOST_TOGETHER && isFirst) together.push(waiting);
    else later.push(waiting);
    if (target > 0) targets.add(target);
  }
  room.waiting = later;
  return together;
}

function lookFor(models: Models, roomId: string, together: readonly Waiting[]) {
  const wishes = together.map(({ writing }) => writing);
  return Promise.all([
    models.rooms.findById(roomId).lean<RoomDocument>(),
    findByKeys(
      models,
      wishes.flatMap(({ clientKey }) => clientKey ?? []),
    ),
    membersOf(
      models,
      roomId,
      wishes.flatMap(({ authorId, content }) => [authorId, ...content.mentions]),
    ),
    findTold(
      models,
      roomId,
      wishes.flatMap(({ target, content }) => [target, content.replyTo]).filter((sequence) => sequence > 0),
    ),
  ]);
}

// Those that are refused, or are there already, are told at once.
function decideAll(
  head: Head,
  room: RoomDocument | null,
  together: readonly Waiting[],
  made: ReadonlyMap<string, Entry>,
  look: Look,
): Decided[] {
  const decided: Decided[] = [];
  let last = head;
  for (const waiting of together) {
    const { writing } = waiting;
    try {
      const before = writing.clientKey === undefined ? undefined : made.get(writing.clientKey);
      const draft = before ? undefined : decide(writing, look);
      if (!draft) {
        waiting.settle({ entry: before && sameAs(writing, before) });
        continue;
      }
      const place = {
        roomId: writing.roomId,
        projectId: room!.projectId,
        sequence: last.sequence + 1,
        time: new Date(Math.max(writing.at.getTime(), last.time.getTime())),
        previous: last.hash,
      };
      const entry = seal(draft, place, randomBytes(HASH_BYTES));
      last = entry;
      decided.push({ waiting, entry });
    } catch (error) {
      waiting.settle({ error });
    }
  }
  return decided;
}

// The first answer, for the same wish only.
function sameAs({ kind, target, content }: Writing, entry: Entry): Entry {
  const isSame =
    kind === entry.kind &&
    target === entry.target &&
    (!entry.content ||
      (content.text === entry.content.text &&
        String(content.imageUrls) === String(entry.content.imageUrls) &&
        (kind === 'EDIT' || (content.replyTo === entry.content.replyTo && String(content.mentions) === String(entry.content.mentions)))));
  if (!isSame) throw kitFail('REQUEST_ID_REUSED');
  return entry;
}

function giveUpOrWait(room: Room, together: readonly Waiting[]): void {
  const open = together.filter(({ isSettled }) => !isSettled);
  const isLate = ({ writing }: Waiting) => writing.deadlineMs - RETRY_MS <= Date.now();
  for (const waiting of open.filter(isLate)) waiting.settle({ error: kitFail('SERVICE_UNAVAILABLE', {}, { retryAfterMs: SHED_RETRY_MS }) });
  room.waiting.unshift(...open.filter((waiting) => !isLate(waiting)));
}

function documentOf({ entry, waiting: { writing } }: Decided): EntryDocument {
  const { roomId, sequence, kind, authorId, target, time: createTime, hash } = entry;
  const event = {
    roomId,
    sequence: BigInt(sequence),
    kind: kindToProto(kind),
    authorId,
    target: BigInt(target),
    createTime,
    hash: Buffer.from(hash, 'hex'),
  };
  const { content, nonce, purgeTime: _, ...kept } = entry;
  // A field that is undefined would be stored as null, and found in indexes.
  return {
    ...kept,
    ...(content && { content, nonce, grams: gramsOf(content.text) }),
    ...(writing.clientKey !== undefined && { clientKey: writing.clientKey }),
    _id: `${roomId}/${sequence}`,
    ...carrying(eventOf(writing, MessagePosted, event, { version: sequence })),
  };
}
