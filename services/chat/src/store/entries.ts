import mongoose from 'mongoose';
import type { Told } from '../domain/decide.js';
import type { Entry } from '../domain/entry.js';
import { groupsOf } from '../domain/groups.js';
import { fail } from '../errors.js';
import type { EntryDocument, Models } from './models.js';

const { trusted } = mongoose;

/** What the log's own fields are, without what finds or carries them. */
const LOG_FIELDS = { grams: 0, outbox: 0, unsentTime: 0, purgeClaim: 0 } as const;

/** Where a room's log has come to. */
export type Head = Pick<Entry, 'sequence' | 'hash' | 'time'>;

export async function findHead({ entries }: Models, roomId: string): Promise<Head | undefined> {
  const head = await entries.findOne({ roomId }, { sequence: 1, hash: 1, time: 1 }).sort({ sequence: -1 }).lean();
  return head ?? undefined;
}

/** Entries that were made for wishes before, by their key. */
export async function findByKeys({ entries }: Models, keys: readonly string[]): Promise<Map<string, Entry>> {
  if (keys.length === 0) return new Map();
  const found: EntryDocument[] = await entries.find({ clientKey: trusted({ $in: [...keys] }) }, LOG_FIELDS).lean();
  return new Map(found.map((document) => [document.clientKey!, entryOf(document)]));
}

/** Messages of a room with what has happened to them; a sequence that is no message is left out. */
export async function findTold(models: Models, roomId: string, sequences: readonly number[]): Promise<Map<number, Told>> {
  if (sequences.length === 0) return new Map();
  const messages: EntryDocument[] = await models.entries
    .find({ roomId, kind: 'MESSAGE', sequence: trusted({ $in: [...new Set(sequences)] }) }, LOG_FIELDS)
    .lean();
  return withLater(models, roomId, messages.map(entryOf));
}

export async function findMessage(models: Models, roomId: string, sequence: number): Promise<Told> {
  const told = (await findTold(models, roomId, [sequence])).get(sequence);
  if (!told) throw fail('MESSAGE_NOT_FOUND', { sequence });
  return told;
}

export interface Range {
  /** Only before this; 0: from the newest on. */
  readonly before: number;
  /** Only after this. */
  readonly after: number;
}

/** Messages before a sequence, the newest first; or after one, the oldest first. */
export async function listMessages(models: Models, roomId: string, { before, after }: Range, limit: number): Promise<Told[]> {
  const range = after > 0 ? { $gt: after } : { $lt: before || Number.MAX_SAFE_INTEGER };
  const messages: EntryDocument[] = await models.entries
    .find({ roomId, kind: 'MESSAGE', sequence: trusted(range) }, LOG_FIELDS)
    .sort({ sequence: after > 0 ? 1 : -1 })
    .limit(limit)
    .lean();
  return [...(await withLater(models, roomId, messages.map(entryOf))).values()];
}

/** The log after a sequence, in its order. */
export async function listEntries({ entries }: Models, roomId: string, after: number, limit: number): Promise<Entry[]> {
  const found: EntryDocument[] = await entries
    .find({ roomId, sequence: trusted({ $gt: after }) }, LOG_FIELDS)
    .sort({ sequence: 1 })
    .limit(limit)
    .lean();
  return found.map(entryOf);
}

/** The newest of the log, in its order. */
export async function listNewest({ entries }: Models, roomId: string, limit: number): Promise<Entry[]> {
  const found: EntryDocument[] = await entries.find({ roomId }, LOG_FIELDS).sort({ sequence: -1 }).limit(limit).lean();
  return found.reverse().map(entryOf);
}

/** What has happened to messages, by the message's sequence: what was done, and not what was said. */
export async function listLater({ entries }: Models, roomId: string, targets: readonly number[]): Promise<Map<number, LaterEntry[]>> {
  if (targets.length === 0) return new Map();
  const found: LaterEntry[] = await entries
    .find({ roomId, target: trusted({ $in: [...new Set(targets)] }) }, { target: 1, kind: 1 })
    .sort({ target: 1, sequence: 1 })
    .lean();
  return groupsOf(found, ({ target }) => target);
}

export type LaterEntry = Pick<Entry, 'target' | 'kind'>;

/** How many messages come after a sequence; `most` for more. */
export const countMessages = ({ entries }: Models, roomId: string, after: number, most: number): Promise<number> =>
  entries.countDocuments({ roomId, kind: 'MESSAGE', sequence: trusted({ $gt: after }) }, { limit: most });

async function withLater({ entries }: Models, roomId: string, messages: readonly Entry[]): Promise<Map<number, Told>> {
  if (messages.length === 0) return new Map();
  const targets = messages.map(({ sequence }) => sequence);
  const later: EntryDocument[] = await entries
    .find({ roomId, target: trusted({ $in: targets }) }, LOG_FIELDS)
    .sort({ target: 1, sequence: 1 })
    .lean();
  const laterOf = groupsOf(later.map(entryOf), ({ target }) => target);
  return new Map(messages.map((message) => [message.sequence, { message, later: laterOf.get(message.sequence) ?? [] }]));
}

const entryOf = ({ content, nonce, purgeTime, ...document }: EntryDocument): Entry => ({ ...document, content, nonce, purgeTime });
