// Keyset pages. A page token says after which row to go on; it is opaque, versioned, and good for one filter only.
import { createHash } from 'node:crypto';
import { fail } from './failure.js';

export const DEFAULT_PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 100;
const VERSION = 1;

/** The size that a request asks for: 20 for 0, 100 at most. */
export const pageSizeOf = (requested: number): number => Math.min(requested || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);

/** Values of the last row's sort keys; ids last, so that the order is total. */
export type Keyset = readonly string[];

/**
 * Reads a page token. `filter` is what the list is narrowed and ordered by.
 * Throws PAGE_TOKEN_INVALID for a token that was not made by makePageToken for the same filter. An empty token is the first page.
 */
export function readPageToken(token: string, filter: readonly unknown[] = []): Keyset | undefined {
  if (token === '') return undefined;
  try {
    const [version, filterHash, ...after] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as string[];
    if (
      Number(version) === VERSION &&
      filterHash === hashOf(filter) &&
      after.length > 0 &&
      after.every((value) => typeof value === 'string')
    )
      return after;
  } catch {
    // Not ours: told like any other.
  }
  throw fail('PAGE_TOKEN_INVALID');
}

/** The token of the page after a row with these keys. */
export function makePageToken(after: Keyset, filter: readonly unknown[] = []): string {
  return Buffer.from(JSON.stringify([VERSION, hashOf(filter), ...after])).toString('base64url');
}

/**
 * Cuts one page out of rows that were read with one more than the page holds.
 *
 *     const { items, nextPageToken } = pageOf(await readRows(size + 1), size, (row) => [row.createTime.toISOString(), row.id], filter);
 */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  keysOf: (row: T) => Keyset,
  filter: readonly unknown[] = [],
): { items: T[]; nextPageToken: string } {
  const items = rows.slice(0, size);
  return { items, nextPageToken: rows.length > size ? makePageToken(keysOf(items.at(-1)!), filter) : '' };
}

const hashOf = (filter: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(filter)).digest('base64url').slice(0, 8);
