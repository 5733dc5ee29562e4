import { status } from '@grpc/grpc-js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../src/failure.js';
import { type KeyKind, makePageToken, pageOf, pageSizeOf, readPageToken, readTimeToken } from '../src/pages.js';

const isRefused = (token: string, filter: readonly unknown[] = [], kinds: readonly KeyKind[] = ['text']) => {
  try {
    readPageToken(token, filter, kinds);
  } catch (error) {
    assert.instance(error, Failure);
    assert.is((error as Failure).reason, 'PAGE_TOKEN_INVALID');
    assert.is((error as Failure).code, status.INVALID_ARGUMENT);
    return;
  }
  assert.unreachable(`accepted ${token}`);
};

test('pages lead from one to the next, and the last has no token', () => {
  const rows = Array.from({ length: 7 }, (_, i) => ({ id: `row-${i}` }));
  const seen: string[] = [];
  let token = '';
  do {
    const after = readPageToken(token, ['OPEN'], ['text'])?.[0] ?? '';
    const page = pageOf(rows.filter(({ id }) => id > after).slice(0, 4), 3, ({ id }) => [id], ['OPEN']);
    seen.push(page.items.map(({ id }) => id.slice(-1)).join(''));
    token = page.nextPageToken;
  } while (token);
  assert.equal(seen, ['012', '345', '6']);
});

test('a full last page has no token either', () => {
  assert.equal(pageOf([1, 2], 2, String as never), { items: [1, 2], nextPageToken: '' });
  assert.equal(pageOf([], 2, String as never), { items: [], nextPageToken: '' });
});

test('keys come back as they were, whatever is in them', () => {
  const keys = ['2026-07-01T00:00:00.000Z', '모아 "과" ,\\', ''];
  const token = makePageToken(keys);
  assert.equal(readPageToken(token, [], ['time', 'text', 'text']), keys);
  assert.match(token, /^[\w-]+$/);
});

test('a token is good for its own filter only', () => {
  const token = makePageToken(['a'], ['seller-1', 'OPEN']);
  assert.equal(readPageToken(token, ['seller-1', 'OPEN'], ['text']), ['a']);
  isRefused(token, ['seller-2', 'OPEN']);
  isRefused(token, ['seller-1']);
  isRefused(token, []);
});

test('what is no token of ours is refused', () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [version, hash, ...keys] = JSON.parse(Buffer.from(makePageToken(['a']), 'base64url').toString()) as string[];
  for (const value of [null, {}, [], 7, 'x', [version, hash], [version], [version, hash, 7], [version, hash, null]])
    isRefused(encoded(value));
  isRefused(encoded([Number(version) + 1, hash, ...keys]));
  for (const token of ['x', '%%%', '한글', makePageToken(['a']).slice(0, -3), ' ']) isRefused(token);
});

test('keys that were made up and that no row can have are refused, and do not come to a query', () => {
  const id = '018f2f3e-0000-7000-8000-000000000001';
  const madeUp: [KeyKind, string[]][] = [
    ['id', ['', 'a', id.slice(1), `${id}0`, `{${id}}`]],
    ['time', ['', 'now', '2026-02-30', '2026-13-01T00:00:00.000Z', '2026-01-01T25:00:00.000Z', 'infinity', '0']],
    ['number', ['', '1.5', '1e9', '9'.repeat(19), '0x1', ' 1', 'NaN']],
    ['text', ['a\0']],
  ];
  for (const [kind, keys] of madeUp) for (const key of keys) isRefused(makePageToken([key]), [], [kind]);
  // Too few, and too many.
  isRefused(makePageToken([id]), [], ['id', 'id']);
  isRefused(makePageToken([id, id]), [], ['id']);
  const time = new Date('2026-02-28T12:34:56.789Z');
  assert.equal(readPageToken(makePageToken([time.toISOString(), id, '-12']), [], ['time', 'id', 'number']), [
    time.toISOString(),
    id,
    '-12',
  ]);
  assert.equal(readTimeToken(makePageToken([time.toISOString(), id])), { time, id });
});

test('a page has 20 items unless asked otherwise, and 100 at most', () => {
  assert.equal([0, 1, 20, 100, 101, 4_000_000_000].map(pageSizeOf), [20, 1, 20, 100, 100, 100]);
});

test.run();
