import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, kitFail, makePageToken, pageSizeOf, readPageToken } from '@moa/kit';
import { archivedToProto, queryOf } from '../convert-archive.js';
import { expectQuery, factsOf } from '../domain/query.js';
import type { Context } from '../service.js';
import { type Position, searchEntries } from '../store/archive-entries.js';

type SearchMessages = Handler<typeof ArchiveServiceDefinition.methods.searchMessages>;
type Direction = 'OLDER' | 'NEWER';

export const searchMessages =
  ({ models }: Context): SearchMessages =>
  async ({ query: asked, pageSize, pageToken }) => {
    const query = queryOf(asked);
    expectQuery(query);
    const facts = factsOf(query);
    const token = (direction: Direction, { time, sequence, roomId }: Position) =>
      makePageToken([direction, time.toISOString(), String(sequence), roomId], facts);
    const from = readPosition(pageToken, facts);
    const direction = from?.direction ?? 'OLDER';
    const { items, more } = await searchEntries(models, query, from, direction, pageSizeOf(pageSize));
    if (direction === 'NEWER') items.reverse();
    // Where a page is empty, the way back begins where it began.
    const [first, last] = [items[0]?.entry ?? from, items.at(-1)?.entry ?? from];
    const isOlder = direction === 'OLDER';
    return {
      entries: items.map(archivedToProto),
      nextPageToken: isOlder ? (more ? token('OLDER', more) : '') : token('OLDER', last!),
      previousPageToken: isOlder ? (from ? token('NEWER', first!) : '') : more ? token('NEWER', more) : '',
    };
  };

function readPosition(pageToken: string, facts: readonly unknown[]): (Position & { readonly direction: Direction }) | undefined {
  const keys = readPageToken(pageToken, facts, ['text', 'time', 'number', 'id']);
  if (!keys) return undefined;
  const [direction, time, sequence, roomId] = keys;
  if (direction !== 'OLDER' && direction !== 'NEWER') throw kitFail('PAGE_TOKEN_INVALID');
  return { direction, time: new Date(time), sequence: Number(sequence), roomId };
}
