// What may be written, by the log as it is; what is seen of it; and how fast.
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openAllowance } from '../src/domain/allowance.js';
import { NO_HASH, seal } from '../src/domain/chain.js';
import { decide, type Look, type Wish } from '../src/domain/decide.js';
import { type Content, type Entry, type EntryKind, NOTHING } from '../src/domain/entry.js';
import { gramsOf } from '../src/domain/grams.js';
import type { Member } from '../src/domain/member.js';
import { viewOf } from '../src/domain/view.js';

const AT = new Date('2026-11-26T12:00:00Z');
const HOUR_MS = 3_600_000;
const [author, seller] = [randomUUID(), randomUUID()];
const saying = (text: string): Content => ({ ...NOTHING, text });

const entry = (kind: EntryKind, sequence: number, target = 0, content = NOTHING, at = AT): Entry =>
  seal(
    { kind, authorId: author, mark: 'NONE', target, content },
    { roomId: 'room', projectId: 'project', sequence, time: at, previous: NO_HASH },
    randomBytes(32),
  );

const member = (accountId: string, more: Partial<Member> = {}): Member => ({
  roomId: 'room',
  accountId,
  nickname: '모아',
  joinTime: AT,
  readSequence: 0,
  ...more,
});

const look = (more: Partial<Look> = {}): Look => ({
  room: { sellerId: seller, state: 'OPEN' },
  member: (id) => member(id),
  told: () => undefined,
  ...more,
});

const wish = (kind: EntryKind, more: Partial<Wish> = {}): Wish => ({
  kind,
  roomId: 'room',
  authorId: author,
  isStaff: false,
  at: AT,
  target: kind === 'MESSAGE' ? 0 : 1,
  content: kind === 'MESSAGE' || kind === 'EDIT' ? saying('말') : NOTHING,
  ...more,
});

const refused = (reason: string, ...args: Parameters<typeof decide>) =>
  assert.throws(
    () => decide(...args),
    (error: { reason?: string }) => error.reason === reason,
  );

test('marks: the seller of the project, staff, anybody', () => {
  const markOf = (more: Partial<Wish>) => decide(wish('MESSAGE', more), look())!.mark;
  assert.equal([markOf({}), markOf({ isStaff: true }), markOf({ authorId: seller, isStaff: true })], ['NONE', 'MODERATOR', 'SELLER']);
});

test('a mute ends at its time, and not before', () => {
  const muted = (at: number) => ({ member: (id: string) => member(id, { muteEndTime: new Date(AT.getTime() + at) }) });
  refused('MEMBER_MUTED', wish('MESSAGE'), look(muted(1)));
  assert.ok(decide(wish('MESSAGE'), look(muted(0))));
});

test('an edit keeps whom a message answers and speaks to, and comes within a day', () => {
  const message = entry('MESSAGE', 1, 0, { text: '처음', imageUrls: [], replyTo: 7, mentions: [seller] });
  const told = { told: () => ({ message, later: [] }) };
  assert.equal(decide(wish('EDIT'), look(told))!.content, { text: '말', imageUrls: [], replyTo: 7, mentions: [seller] });
  const after = (ms: number) => wish('EDIT', { at: new Date(AT.getTime() + ms) });
  assert.ok(decide(after(24 * HOUR_MS), look(told)));
  refused('EDIT_TOO_LATE', after(24 * HOUR_MS + 1), look(told));
});

test('what is so already is not written again', () => {
  const message = entry('MESSAGE', 1, 0, saying('말'));
  const after = (...kinds: EntryKind[]) => look({ told: () => ({ message, later: kinds.map((kind, n) => entry(kind, n + 2, 1)) }) });
  assert.is(decide(wish('DELETE'), after('DELETE')), undefined);
  assert.is(decide(wish('HIDE'), after('HIDE')), undefined);
  assert.is(decide(wish('UNHIDE'), after()), undefined);
  assert.is(decide(wish('UNHIDE'), after('HIDE', 'UNHIDE')), undefined);
  assert.is(decide(wish('HIDE'), after('HIDE', 'UNHIDE'))!.kind, 'HIDE');
});

test('a view: the last edit, unless it was deleted, hidden or purged', () => {
  const message = entry('MESSAGE', 1, 0, saying('처음'));
  const edit = entry('EDIT', 2, 1, saying('고침'));
  const stateAfter = (...later: Entry[]) => viewOf(message, later).state;
  assert.equal([viewOf(message, [edit]).content!.text, stateAfter(edit)], ['고침', 'POSTED']);
  assert.is(stateAfter(edit, entry('HIDE', 3, 1), entry('DELETE', 4, 1), entry('UNHIDE', 5, 1)), 'DELETED');
  assert.is(stateAfter(entry('HIDE', 3, 1), entry('UNHIDE', 4, 1), entry('HIDE', 5, 1)), 'HIDDEN');
  assert.is(stateAfter({ ...edit, content: undefined }), 'PURGED');
  assert.is(viewOf({ content: undefined }, []).state, 'PURGED');
});

test('a bucket: so many at once, then one each half second, and never more than it holds', () => {
  const allowance = openAllowance({ perMinute: 120, burst: 3 });
  const at = (ms: number) => allowance.take('somebody', new Date(AT.getTime() + ms));
  assert.equal([at(0), at(0), at(0), at(0)], [0, 0, 0, 500]);
  assert.equal([at(499), at(500), at(500)], [1, 0, 500]);
  assert.equal([at(60_000), at(60_000), at(60_000), at(60_000)], [0, 0, 0, 500]);
  assert.is(allowance.take('somebody else', AT), 0);
  // A clock that goes back gives nothing.
  assert.is(at(0) > 0, true);
});

test('grams are pairs of characters, folded, each once', () => {
  assert.equal(gramsOf('Ａbab  가나'), ['ab', 'ba', 'b ', ' 가', '가나']);
  assert.equal(gramsOf('가'), []);
  assert.equal(gramsOf('😀😀'), ['😀😀']);
});

test.run();
