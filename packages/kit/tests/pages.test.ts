import { status } from '@grpc/grpc-js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../src/failure.js';
import { makePageToken, pageOf, pageSizeOf, readPageToken } from '../src/pages.js';

const isRefused = (token: string, filter: readonly unknown[] = []) => {
  try {
    readPageToken(token, filter);
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
    const after = readPageToken(token, ['OPEN'])?.[0] ?? '';
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
  assert.equal(readPageToken(token), keys);
  assert.match(token, /^[\w-]+$/);
});

test('a token is good for its own filter only', () => {
  const token = makePageToken(['a'], ['seller-1', 'OPEN']);
  assert.equal(readPageToken(token, ['seller-1', 'OPEN']), ['a']);
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

test('a page has 20 items unless asked otherwise, and 100 at most', () => {
  assert.equal([0, 1, 20, 100, 101, 4_000_000_000].map(pageSizeOf), [20, 1, 20, 100, 100, 100]);
});

test.run();
