import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isHopeless, mailPauseMs, type Notice, type SignInMethodChange } from '../src/domain/mail.js';
import { textOf } from '../src/mail/texts.js';
import { tokenIn } from './mailbox.js';

const changes: SignInMethodChange[] = ['IDENTITY_LINKED', 'IDENTITY_UNLINKED', 'SECOND_FACTOR_ADDED', 'SECOND_FACTOR_REMOVED'];
const token = 'dG9rZW4-dG9rZW4_dG9rZW4';
const notices: Notice[] = [
  { kind: 'VERIFY_EMAIL', token, minutes: 45 },
  { kind: 'RESET_PASSWORD', token, minutes: 45 },
  { kind: 'ACCOUNT_EXISTS' },
  { kind: 'PASSWORD_CHANGED' },
  { kind: 'SESSION_REUSED' },
  { kind: 'SETTLEMENT_ACCOUNT_CHANGED', changeTime: '2030-01-01T15:30:00Z', usableFrom: '2030-01-02T15:30:00Z' },
  ...changes.map((what): Notice => ({ kind: 'SIGN_IN_METHOD_CHANGED', what })),
];
const test = suite('mail texts');

test('each mail says in Korean, then in English, what it is about', () => {
  for (const notice of notices) {
    const { subject, text } = textOf(notice);
    assert.match(subject, /^\[모아\] [가-힣0-9 ]+ \/ [A-Z][a-z -]+$/i);
    const [korean, english] = text.split('\n\n');
    assert.match(korean!, /^[^A-Za-z]+$/);
    assert.match(english!, /^[\x20-\x7e\n]+$/);
  }
});

test('no two mails say the same, and none has a link in it', () => {
  const texts = notices.map((notice) => textOf(notice).text);
  assert.is(new Set(texts).size, notices.length);
  for (const text of texts) assert.not.match(text, /https?:|www\./);
});

test('a token stands alone on the last line, with how long it works', () => {
  for (const notice of notices.slice(0, 2)) {
    const { text } = textOf(notice);
    assert.is(tokenIn({ text }), token);
    assert.match(text, '45분');
    assert.match(text, '45 minutes');
  }
});

test('a changed settlement account is told with its times, as a clock in Seoul shows them', () => {
  const { text } = textOf(notices.find(({ kind }) => kind === 'SETTLEMENT_ACCOUNT_CHANGED')!);
  for (const time of ['2030년 1월 2일 00:30', '2030년 1월 3일 00:30', '2 January 2030 at 00:30', '3 January 2030 at 00:30']) {
    assert.match(text, time);
  }
});

test('the pauses between tries grow up to ten minutes, for a day', () => {
  assert.equal([1, 2, 3, 4, 5, 6, 100].map(mailPauseMs), [1_000, 5_000, 30_000, 120_000, 600_000, 600_000, 600_000]);
  const created = new Date('2030-01-01T00:00:00Z');
  assert.not.ok(isHopeless(created, new Date('2030-01-01T23:59:59.999Z')));
  assert.ok(isHopeless(created, new Date('2030-01-02T00:00:00Z')));
});

test.run();
