import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emailKeyOf } from '../src/domain/email.js';
import { readRefreshToken, SECRET_BYTES, writeRefreshToken } from '../src/domain/refresh-token.js';
import { OVERLAP_MS, publishedKeysAt, signingKeyAt } from '../src/domain/signing-key.js';

const key = randomBytes(32);

test('a refresh token reads as it was written', () => {
  const token = { sessionId: randomUUID(), generation: 3, secret: randomBytes(SECRET_BYTES) };
  const read = readRefreshToken(key, writeRefreshToken(key, token))!;
  assert.equal({ ...read, secret: Buffer.from(read.secret) }, token);
});

test('a refresh token is the same each time it is made, and another in each generation', () => {
  const token = { sessionId: randomUUID(), generation: 3, secret: randomBytes(SECRET_BYTES) };
  assert.is(writeRefreshToken(key, token), writeRefreshToken(key, token));
  assert.is.not(writeRefreshToken(key, token), writeRefreshToken(key, { ...token, generation: 4 }));
});

test('a refresh token of another key, or with any bit changed, is none', () => {
  const text = writeRefreshToken(key, { sessionId: randomUUID(), generation: 0, secret: randomBytes(SECRET_BYTES) });
  assert.is(readRefreshToken(randomBytes(32), text), undefined);
  const bytes = Buffer.from(text, 'base64url');
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index]! ^= 1;
    assert.is(readRefreshToken(key, changed.toString('base64url')), undefined);
  }
});

test('the newest key whose time has come signs', () => {
  const keys = [
    { kid: 'old', signTime: new Date(0) },
    { kid: 'now', signTime: new Date(1_000) },
    { kid: 'next', signTime: new Date(9_000) },
  ];
  assert.is(signingKeyAt(keys, new Date(999))?.kid, 'old');
  assert.is(signingKeyAt([...keys].reverse(), new Date(1_000))?.kid, 'now');
  assert.is(signingKeyAt(keys, new Date(9_000))?.kid, 'next');
  assert.is(signingKeyAt(keys, new Date(-1))?.kid, 'old');
});

test('a key is published until a day after another took over', () => {
  const keys = [
    { kid: 'old', signTime: new Date(0) },
    { kid: 'now', signTime: new Date(1_000) },
  ];
  const kidsAt = (ms: number) => publishedKeysAt(keys, new Date(ms)).map(({ kid }) => kid);
  assert.equal(kidsAt(0), ['old', 'now']);
  assert.equal(kidsAt(1_000 + OVERLAP_MS - 1), ['old', 'now']);
  assert.equal(kidsAt(1_000 + OVERLAP_MS), ['now']);
});

test('addresses are compared without regard to capitals', () => {
  assert.is(emailKeyOf('Kim.Min-Su@Example.COM'), 'kim.min-su@example.com');
});

test.run();
