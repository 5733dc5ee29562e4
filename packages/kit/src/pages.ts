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

/** What a key of a token is: anybody may make up a token, and what is no such key must not come to a query. */
export type KeyKind = 'id' | 'time' | 'number' | 'text';

const LOOKS_LIKE: Record<KeyKind, RegExp> = {
  id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  // As Date's toISOString writes it.
  time: /^\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/,
  // Every such number is a bigint of Postgres.
  number: /^-?\d{1,18}$/,
  text: /^[^\0]*$/,
};

/**
 * Reads a page token: the keys that makePageToken was given, of these kinds. `filter` is what the list is narrowed and ordered by.
 * Throws PAGE_TOKEN_INVALID for a token that was not made so for the same filter. An empty token is the first page.
 *
 *     const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
 */
export function readPageToken<K extends readonly KeyKind[]>(
  token: string,
  filter: readonly unknown[],
  kinds: readonly [...K],
): { readonly [I in keyof K]: string } | undefined {
  if (token === '') return undefined;
  const [version, filterHash, ...keys] = partsOf(token);
  const areKeys = keys.length === kinds.length && kinds.every((kind, place) => isKey(kind, keys[place]));
  if (Number(version) !== VERSION || filterHash !== hashOf(filter) || !areKeys) throw fail('PAGE_TOKEN_INVALID');
  return keys as unknown as { [I in keyof K]: string };
}

function partsOf(token: string): readonly unknown[] {
  try {
    const parts = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : [];
  } catch {
    // Not ours: told like any other.
    return [];
  }
}

const isKey = (kind: KeyKind, key: unknown): boolean =>
  typeof key === 'string' && LOOKS_LIKE[kind].test(key) && (kind !== 'time' || !Number.isNaN(Date.parse(key)));

/** After which row a page goes on that is ordered by time and id. */
export interface TimeKeyset {
  readonly time: Date;
  readonly id: string;
}

/** As readPageToken, for keys that are a time and an id. */
export function readTimeToken(token: string, filter: readonly unknown[] = []): TimeKeyset | undefined {
  const keys = readPageToken(token, filter, ['time', 'id']);
  return keys && { time: new Date(keys[0]), id: keys[1] };
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
