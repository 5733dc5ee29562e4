// Lines of the log as it is now: what was deleted or hidden meanwhile is in them without what it said, and names are those of today.
import { encodeEntry, kindToProto } from '../convert.js';
import { type Entry, says } from '../domain/entry.js';
import { isShown } from '../domain/view.js';
import { listEntries, listLater, listNewest } from '../store/entries.js';
import { membersOf } from '../store/members.js';
import type { Models } from '../store/models.js';
import type { Line } from './line.js';
import type { LineReader } from './room-feeds.js';

export const logLines = (models: Models): LineReader => ({
  after: async (roomId, sequence, limit) => linesOf(models, roomId, await listEntries(models, roomId, sequence, limit)),
  newest: async (roomId, limit) => linesOf(models, roomId, await listNewest(models, roomId, limit)),
});

async function linesOf(models: Models, roomId: string, entries: readonly Entry[]): Promise<Line[]> {
  const saying = entries.filter(says).map(saidIn);
  const [later, authors] = await Promise.all([
    listLater(models, roomId, saying),
    membersOf(
      models,
      roomId,
      entries.map(({ authorId }) => authorId),
    ),
  ]);
  return entries.map((entry) => ({
    sequence: entry.sequence,
    kind: kindToProto(entry.kind),
    target: entry.target,
    bytes: encodeEntry(entry, isShown(later.get(saidIn(entry)) ?? []), authors),
  }));
}

/** The message whose words an entry is about. */
const saidIn = ({ kind, sequence, target }: Entry): number => (kind === 'MESSAGE' ? sequence : target);
