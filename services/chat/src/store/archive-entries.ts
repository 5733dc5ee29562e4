// The log as the archive reads it.
import mongoose, { type QueryFilter } from 'mongoose';
import type { Entry } from '../domain/entry.js';
import { gramsOf } from '../domain/grams.js';
import { groupsOf } from '../domain/groups.js';
import { type ArchiveQuery, hasText, isAboutState } from '../domain/query.js';
import { isDeleted, isHidden } from '../domain/view.js';
import type { EntryDocument, Models } from './models.js';
import { roomIdOf } from './rooms.js';

const { trusted } = mongoose;
const NEITHER = { grams: 0, outbox: 0, unsentTime: 0, purgeClaim: 0, clientKey: 0 } as const;
const HASHES_TOGETHER = 5_000;
/** Of candidates that are looked at for a page; a page may be short, and goes on after them. */
const MOST_CANDIDATES = 5_000;
const CANDIDATES_TOGETHER = 200;

/** An entry with what has become of it. */
export interface Archived {
  readonly entry: Entry;
  readonly edited: boolean;
  readonly deleted: boolean;
  readonly hidden: boolean;
  readonly reported: boolean;
}

/** Where in the order of time a page goes on. */
export interface Position {
  readonly time: Date;
  readonly sequence: number;
  readonly roomId: string;
}

export interface Found {
  readonly items: Archived[];
  /** Where to go on, when there may be more. */
  readonly more: Position | undefined;
}

/** Entries older than a position, the newest first; or newer ones, the oldest first. */
export async function searchEntries(
  models: Models,
  query: ArchiveQuery,
  from: Position | undefined,
  direction: 'OLDER' | 'NEWER',
  size: number,
): Promise<Found> {
  const items: Archived[] = [];
  let position = from;
  let together = size + 1;
  for (let seen = 0; seen < MOST_CANDIDATES; together = Math.min(2 * together, CANDIDATES_TOGETHER)) {
    const candidates = await readCandidates(models, query, position, direction, together);
    const said = candidates.filter(({ content }) => hasText(content?.text, query.text));
    for (const item of await withState(models, said)) {
      if (!isInState(query, item)) continue;
      if (items.length === size) return { items, more: items.at(-1)!.entry };
      items.push(item);
    }
    if (candidates.length < together) return { items, more: undefined };
    seen += candidates.length;
    position = candidates.at(-1);
  }
  return { items, more: position };
}

const isInState = ({ reported, deleted, hidden }: ArchiveQuery, item: Archived): boolean =>
  (!reported || item.reported) && (!deleted || item.deleted) && (!hidden || item.hidden);

async function readCandidates(
  { entries }: Models,
  query: ArchiveQuery,
  from: Position | undefined,
  direction: 'OLDER' | 'NEWER',
  limit: number,
): Promise<Entry[]> {
  const isOlder = direction === 'OLDER';
  const beyond = isOlder ? '$lt' : '$gt';
  const after = from && [
    { time: trusted({ [beyond]: from.time }) },
    { time: from.time, sequence: trusted({ [beyond]: from.sequence }) },
    { time: from.time, sequence: from.sequence, roomId: trusted({ [beyond]: from.roomId }) },
  ];
  const order = isOlder ? -1 : 1;
  const found: EntryDocument[] = await entries
    .find(
      {
        ...filterOf(query, from && { [isOlder ? '$lte' : '$gte']: from.time }),
        ...(after && { $or: after }),
      } as QueryFilter<EntryDocument>,
      NEITHER,
    )
    .sort({ time: order, sequence: order, roomId: order })
    .limit(limit)
    .lean();
  return found as Entry[];
}

/** What indexes can say of a query. */
function filterOf(query: ArchiveQuery, bound?: object): QueryFilter<EntryDocument> {
  const { text, roomId, projectId, authorId, kind, startTime, endTime } = query;
  const grams = gramsOf(text);
  // A project has one room.
  const room = roomId ?? (projectId === undefined ? undefined : roomIdOf(projectId));
  return {
    ...(grams.length > 0 && { grams: trusted({ $all: grams }) }),
    ...(room !== undefined && { roomId: room }),
    ...(projectId !== undefined && { projectId }),
    ...(authorId !== undefined && { authorId }),
    ...(isAboutState(query) ? { kind: 'MESSAGE' } : kind !== undefined && { kind }),
    ...((startTime || endTime || bound) && {
      time: trusted(timeRange(startTime, endTime, bound)),
    }),
  } as QueryFilter<EntryDocument>;
}

// Where the page begins says where to read in the index; the later of two beginnings is needed, since a range has one of a kind.
function timeRange(startTime: Date | undefined, endTime: Date | undefined, bound: { $gte?: Date } | undefined): object {
  const from = bound?.$gte && startTime ? new Date(Math.max(bound.$gte.getTime(), startTime.getTime())) : startTime;
  return { ...(endTime && { $lt: endTime }), ...bound, ...(from && { $gte: from }) };
}

/** A room's entries that a query finds, after a sequence and up to another, in their order. */
export async function* roomEntries(models: Models, query: ArchiveQuery, roomId: string, upTo: number): AsyncGenerator<Entry> {
  if (query.roomId !== undefined && query.roomId !== roomId) return;
  for (let last = 0; ; ) {
    const found = (await models.entries
      .find({ ...filterOf({ ...query, roomId }), sequence: trusted({ $gt: last, $lte: upTo }) } as QueryFilter<EntryDocument>, NEITHER)
      .sort({ sequence: 1 })
      .limit(CANDIDATES_TOGETHER)
      .lean()) as Entry[];
    const said = found.filter(({ content }) => hasText(content?.text, query.text));
    for (const item of await withState(models, said)) if (isInState(query, item)) yield item.entry;
    if (found.length < CANDIDATES_TOGETHER) return;
    last = found.at(-1)!.sequence;
  }
}

/** Entries of a room between two sequences, both included, in their order. */
export async function entriesBetween({ entries }: Models, roomId: string, first: number, last: number): Promise<Entry[]> {
  return (await entries
    .find({ roomId, sequence: trusted({ $gte: first, $lte: last }) }, NEITHER)
    .sort({ sequence: 1 })
    .lean()) as Entry[];
}

/** A room's log as it stands in the store, with everything that can be checked, in the order of sequences. */
export async function storedAfter({ entries }: Models, roomId: string, after: number, limit: number): Promise<EntryDocument[]> {
  return entries
    .find({ roomId, sequence: trusted({ $gt: after }) }, { outbox: 0, unsentTime: 0 })
    .sort({ sequence: 1 })
    .limit(limit)
    .lean();
}

export type Link = Pick<Entry, 'sequence' | 'previous' | 'hash'>;

/** The chain of a room's first entries, in their order. */
export async function* linksOf({ entries }: Models, roomId: string, upTo: number): AsyncGenerator<Link> {
  for (let last = 0; last < upTo; ) {
    const links: Link[] = await entries
      .find({ roomId, sequence: trusted({ $gt: last, $lte: upTo }) }, { sequence: 1, previous: 1, hash: 1 })
      .sort({ sequence: 1 })
      .limit(HASHES_TOGETHER)
      .lean();
    yield* links;
    if (links.length < HASHES_TOGETHER) return;
    last = links.at(-1)!.sequence;
  }
}

type Place = Pick<Entry, 'roomId' | 'sequence'>;
const keyOf = ({ roomId, sequence }: Place): string => `${roomId}/${sequence}`;

/** What has become of entries: by later entries, and by reports. In their order. */
export async function withState(models: Models, entries: readonly Entry[]): Promise<Archived[]> {
  const messages = entries.filter(({ kind }) => kind === 'MESSAGE');
  const [later, reports] = await Promise.all([findLater(models, messages), findReports(models, messages)]);
  return entries.map((entry) => {
    const since = later.get(keyOf(entry)) ?? [];
    return {
      entry,
      edited: since.some(({ kind }) => kind === 'EDIT'),
      deleted: isDeleted(since),
      hidden: isHidden(since),
      reported: reports.has(keyOf(entry)),
    };
  });
}

// Hits are of many rooms, which are asked about together.
async function findLater({ entries }: Models, messages: readonly Place[]): Promise<Map<string, Pick<Entry, 'kind'>[]>> {
  if (messages.length === 0) return new Map();
  const found: Pick<Entry, 'roomId' | 'target' | 'kind'>[] = await entries
    .find(placesOf('target', messages), { roomId: 1, target: 1, kind: 1 })
    .sort({ sequence: 1 })
    .lean();
  return groupsOf(found, ({ roomId, target }) => keyOf({ roomId, sequence: target }));
}

async function findReports({ reports }: Models, messages: readonly Place[]): Promise<Set<string>> {
  if (messages.length === 0) return new Set();
  const found = await reports.find(placesOf('sequence', messages), { roomId: 1, sequence: 1 }).lean();
  return new Set(found.map(keyOf));
}

const placesOf = (field: 'target' | 'sequence', places: readonly Place[]) => ({
  $or: [...groupsOf(places, ({ roomId }) => roomId)].map(([roomId, ofRoom]) => ({
    roomId,
    [field]: trusted({ $in: ofRoom.map(({ sequence }) => sequence) }),
  })),
});
