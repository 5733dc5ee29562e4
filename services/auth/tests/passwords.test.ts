import { Failure } from '@moa/kit';
import { Registry } from 'prom-client';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AT_ONCE, openPasswords, WAITING_AT_MOST } from '../src/passwords.js';

const passwords = await openPasswords(new Registry());

test('a password is hashed by argon2id with 19 MiB, two passes and one lane, each time anew', async () => {
  const [one, other] = [await passwords.hash('one password'), await passwords.hash('one password')];
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.is.not(one, other);
  assert.ok(await passwords.matches(one, 'one password'));
  assert.not(await passwords.matches(one, 'another password'));
});

test('without an account no password is right', async () => {
  assert.not(await passwords.matches(undefined, 'one password'));
});

test('more than can be hashed soon are sent away, and told when to come again', async () => {
  const served = AT_ONCE + WAITING_AT_MOST;
  const answers = await Promise.allSettled(Array.from({ length: served + 20 }, () => passwords.hash('one password')));
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  assert.is(refused.length, 20);
  for (const error of refused) {
    assert.instance(error, Failure);
    assert.is(error.reason, 'PASSWORDS_BUSY');
    assert.ok(error.more.retryAfterMs > 0);
  }
});

test('who has gone takes no turn, and leaves room for another', async () => {
  const leaving = Array.from({ length: WAITING_AT_MOST }, () => new AbortController());
  const working = Array.from({ length: AT_ONCE }, () => passwords.hash('one password'));
  const waiting = Promise.allSettled(leaving.map(({ signal }) => passwords.hash('one password', signal)));
  for (const leaver of leaving) leaver.abort(new Error('gone'));
  const another = passwords.hash('one password');
  await Promise.all(working);
  const gone = await waiting;
  assert.ok(gone.every((answer) => answer.status === 'rejected' && answer.reason.message === 'gone'));
  assert.match(await another, /^\$argon2id/);
});

test.run();
