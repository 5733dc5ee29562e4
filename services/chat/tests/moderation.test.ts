// What moderators do: reports, hiding, muting, freezing. And who may not.
import { randomUUID } from 'node:crypto';
import { Message_State, Report_State, Room_State } from '@moa/contracts/chat/v1/chat';
import { makePageToken } from '@moa/kit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_EDITS } from '../src/domain/decide.js';
import { bed, closeBed, models, newMember, newRoom, openChat, refusal, said, say, staff } from './support.js';

const clients = await openChat();
const { chat, moderation, stop } = clients;
const admin = await staff();
const open = { state: Report_State.STATE_UNSPECIFIED, pageSize: 0, pageToken: '' };
const MINUTE_MS = 60_000;

const newest = async (roomId: string) => (await chat.listMessages({ roomId, before: 0n, after: 0n, pageSize: 0 })).messages[0]!;

test('a hidden message is out of sight, and shown again when that is taken back; a deleted one stays deleted', async () => {
  const roomId = await newRoom();
  const author = await newMember(roomId);
  const sequence = await say(clients, author, roomId, '광고입니다');
  const target = { roomId, sequence };
  for (let time = 0; time < 2; time++) assert.is((await moderation.hideMessage(target, admin)).message!.state, Message_State.STATE_HIDDEN);
  assert.equal([(await newest(roomId)).content, (await newest(roomId)).state], [undefined, Message_State.STATE_HIDDEN]);
  const edit = { requestId: randomUUID(), ...target, text: '광고 아닙니다', imageUrls: [] };
  assert.is(await refusal(chat.editMessage(edit, author.token)), 'MESSAGE_HIDDEN');
  assert.is((await moderation.unhideMessage(target, admin)).message!.content!.text, '광고입니다');
  await moderation.unhideMessage(target, admin);
  assert.is(await models.entries.countDocuments({ roomId }), 3);
  await chat.deleteMessage(target, author.token);
  await moderation.hideMessage(target, admin);
  assert.is((await moderation.unhideMessage(target, admin)).message!.state, Message_State.STATE_DELETED);
  assert.is(await refusal(moderation.hideMessage({ roomId, sequence: 99n }, admin)), 'MESSAGE_NOT_FOUND');
});

test('two moderators who hide and show at once leave a log that says which came last', async () => {
  const roomId = await newRoom();
  const sequence = await say(clients, await newMember(roomId), roomId, '글쎄요');
  const both = [moderation.hideMessage, moderation.unhideMessage];
  await Promise.all(Array.from({ length: 10 }, (_, index) => both[index % 2]!({ roomId, sequence }, admin)));
  const log = await models.entries
    .find({ roomId, target: Number(sequence) })
    .sort({ sequence: 1 })
    .lean();
  assert.ok(log.length > 0);
  for (const [index, { kind }] of log.entries()) assert.is(kind, index % 2 === 0 ? 'HIDE' : 'UNHIDE');
  const { state } = await newest(roomId);
  assert.is(state, log.length % 2 === 0 ? Message_State.STATE_POSTED : Message_State.STATE_HIDDEN);
});

test('reports of one message are one, with everybody and what they say; what is decided stays', async () => {
  const roomId = await newRoom();
  const author = await newMember(roomId, '글쓴이');
  const [bad, fine] = [await say(clients, author, roomId, '욕설'), await say(clients, author, roomId, '멀쩡한 말')];
  const report = async (sequence: bigint, reason: string, person?: string) =>
    chat.reportMessage({ roomId, sequence, reason }, await bed.as(person ?? randomUUID()));
  const again = randomUUID();
  await Promise.all([report(bad, '욕설이에요', again), ...Array.from({ length: 12 }, (_, index) => report(bad, `불쾌합니다 ${index}`))]);
  await report(bad, '또 저예요', again);
  await report(fine, '그냥요');
  await chat.deleteMessage({ roomId, sequence: bad }, author.token);
  const { reports } = await moderation.listReports(open, admin);
  assert.equal(
    reports.map(({ message, reporterCount, reasons, state }) => [message!.sequence, reporterCount, reasons.length, state]),
    [
      [bad, 13, 10, Report_State.STATE_OPEN],
      [fine, 1, 1, Report_State.STATE_OPEN],
    ],
  );
  assert.equal([reports[0]!.message!.content!.text, reports[0]!.message!.authorNickname], ['욕설', '글쓴이']);
  const [first, second] = reports.map(({ id }) => id);
  for (let time = 0; time < 2; time++)
    assert.is((await moderation.decideReport({ id: first!, uphold: true }, admin)).report!.state, Report_State.STATE_UPHELD);
  await moderation.decideReport({ id: second!, uphold: false }, admin);
  assert.is(await refusal(moderation.decideReport({ id: first!, uphold: false }, admin)), 'REPORT_DECIDED');
  assert.is(await refusal(moderation.decideReport({ id: randomUUID(), uphold: false }, admin)), 'REPORT_NOT_FOUND');
  await report(fine, '다시 한번');
  assert.equal((await moderation.listReports(open, admin)).reports, []);
  const upheld = { ...open, state: Report_State.STATE_UPHELD };
  assert.equal(
    (await moderation.listReports(upheld, admin)).reports.map(({ id }) => id),
    [first],
  );
  assert.is(await models.entries.countDocuments({ roomId, kind: 'HIDE' }), 1);
});

test('reports come page by page, the oldest first', async () => {
  const roomId = await newRoom();
  const author = await newMember(roomId);
  const wanted: bigint[] = [];
  for (let count = 0; count < 5; count++) {
    const sequence = await say(clients, author, roomId, `말 ${count}`);
    wanted.push(sequence);
    await chat.reportMessage({ roomId, sequence, reason: '신고' }, await bed.as(randomUUID()));
  }
  const found: bigint[] = [];
  let pageToken = '';
  do {
    const page = await moderation.listReports({ ...open, pageSize: 2, pageToken }, admin);
    found.push(...page.reports.map(({ message }) => message!.sequence));
    pageToken = page.nextPageToken;
  } while (pageToken);
  assert.equal(found, wanted);
});

test('who is muted reads and does not write, until the time is over or it is taken back; leaving does not help', async () => {
  const roomId = await newRoom();
  const loud = await newMember(roomId);
  const sequence = await say(clients, loud, roomId, '시끄럽게');
  const mute = { roomId, accountId: loud.accountId, minutes: 10 };
  const { member } = await moderation.muteMember(mute, admin);
  assert.is(Math.round((member!.muteEndTime!.getTime() - bed.now().getTime()) / MINUTE_MS), 10);
  assert.is(await refusal(chat.sendMessage(said(roomId, '더 시끄럽게'), loud.token)), 'MEMBER_MUTED');
  await chat.leaveRoom({ roomId }, loud.token);
  await chat.joinRoom({ roomId, nickname: '새 이름' }, loud.token);
  assert.is(await refusal(chat.sendMessage(said(roomId, '돌아왔다'), loud.token)), 'MEMBER_MUTED');
  const edit = { requestId: randomUUID(), roomId, sequence, text: '조용히', imageUrls: [] };
  assert.is(await refusal(chat.editMessage(edit, loud.token)), 'MEMBER_MUTED');
  await moderation.unmuteMember({ roomId, accountId: loud.accountId }, admin);
  await say(clients, loud, roomId, '이제 조용히');
  await moderation.muteMember(mute, admin);
  bed.shiftClock(9 * MINUTE_MS);
  const token = await bed.as(loud.accountId);
  assert.is(await refusal(chat.sendMessage(said(roomId, '아직'), token)), 'MEMBER_MUTED');
  bed.shiftClock(2 * MINUTE_MS);
  await chat.sendMessage(said(roomId, '끝났다'), await bed.as(loud.accountId));
  assert.is(await refusal(moderation.muteMember({ ...mute, accountId: randomUUID() }, await staff())), 'MEMBER_NOT_FOUND');
});

test('in a frozen room nobody writes or edits, and an author may still delete', async () => {
  const sellerId = randomUUID();
  const roomId = await newRoom(sellerId);
  const [member, seller] = [await newMember(roomId), await newMember(roomId, '공방', sellerId)];
  const sequence = await say(clients, member, roomId, '싸움');
  const moderator = await staff();
  assert.is((await moderation.freezeRoom({ roomId }, moderator)).room!.state, Room_State.STATE_FROZEN);
  for (const { token } of [member, seller]) assert.is(await refusal(chat.sendMessage(said(roomId, '한마디만'), token)), 'ROOM_FROZEN');
  const edit = { requestId: randomUUID(), roomId, sequence, text: '화해', imageUrls: [] };
  assert.is(await refusal(chat.editMessage(edit, member.token)), 'ROOM_FROZEN');
  await chat.deleteMessage({ roomId, sequence }, member.token);
  assert.is((await moderation.unfreezeRoom({ roomId }, moderator)).room!.state, Room_State.STATE_OPEN);
  await say(clients, member, roomId, '다시 평화');
  assert.is(await refusal(moderation.freezeRoom({ roomId: randomUUID() }, moderator)), 'ROOM_NOT_FOUND');
});

test('who is no moderator moderates nothing', async () => {
  const roomId = await newRoom();
  const member = await newMember(roomId);
  const sequence = await say(clients, member, roomId, '평범한 말');
  const target = { roomId, accountId: member.accountId };
  for (const call of [
    moderation.listReports(open, member.token),
    moderation.decideReport({ id: randomUUID(), uphold: true }, member.token),
    moderation.hideMessage({ roomId, sequence }, member.token),
    moderation.unhideMessage({ roomId, sequence }, member.token),
    moderation.muteMember({ ...target, minutes: 1 }, member.token),
    moderation.unmuteMember(target, member.token),
    moderation.freezeRoom({ roomId }, member.token),
    moderation.unfreezeRoom({ roomId }, member.token),
  ])
    assert.is(await refusal(call), 'CALLER_NOT_ALLOWED');
});

test('a message is edited so often and not more', async () => {
  const roomId = await newRoom();
  const author = await newMember(roomId);
  const sequence = await say(clients, author, roomId, '처음');
  const edit = async (index: number) => {
    const token = await bed.as(author.accountId);
    return chat.editMessage({ requestId: randomUUID(), roomId, sequence, text: `${index}번째`, imageUrls: [] }, token);
  };
  for (let index = 0; index < MAX_EDITS; index++) {
    await edit(index);
    // So that nobody is too fast.
    bed.shiftClock(MINUTE_MS / 60);
  }
  assert.is(await refusal(edit(MAX_EDITS)), 'EDITS_TOO_MANY');
});

test('what comes from outside is a value, and never an operator', async () => {
  const roomId = await newRoom();
  const member = await newMember(roomId);
  const evil = '{"$gt":""}';
  await say(clients, member, roomId, `${evil} $where: sleep(1000) \u0000 __proto__`);
  assert.is((await newest(roomId)).content!.text, `${evil} $where: sleep(1000) \u0000 __proto__`);
  for (const id of [evil, '$ne', '{"$ne":null}', "' || 1==1"]) {
    assert.is(await refusal(chat.getRoom({ id, projectId: '' })), 'ROOM_NOT_FOUND');
    assert.is(await refusal(chat.getRoom({ id: '', projectId: id })), 'ROOM_NOT_FOUND');
    assert.is(await refusal(chat.listMessages({ roomId: id, before: 0n, after: 0n, pageSize: 0 })), 'REQUEST_INVALID');
  }
  const token = Buffer.from(JSON.stringify([1, 'x', { $gt: '' }, evil])).toString('base64url');
  assert.is(await refusal(chat.listRooms({ pageSize: 0, pageToken: token })), 'PAGE_TOKEN_INVALID');
  for (const first of ['x', '2026-11-26'])
    assert.is(await refusal(chat.listRooms({ pageSize: 0, pageToken: makePageToken([first]) })), 'PAGE_TOKEN_INVALID');
  const filter = { roomId: { $gt: '' } } as unknown as { roomId: string };
  assert.is(await models.entries.countDocuments(filter).catch(() => 0), 0);
  await models.rooms.findOne({ unknownField: 1 } as object).then(
    () => assert.unreachable('a field that nobody knows was looked for'),
    () => {},
  );
});

test.after(async () => {
  await closeBed(stop);
});
test.run();
