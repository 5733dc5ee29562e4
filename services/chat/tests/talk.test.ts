// Rooms, members and messages, as people see them.
import { randomUUID } from 'node:crypto';
import { Entry_Kind, Mark, Message_State, Room_State } from '@moa/contracts/chat/v1/chat';
import { MessagePosted, RoomOpened } from '@moa/contracts/chat/v1/chat_events';
import { AccountClosed } from '@moa/contracts/user/v1/user_events';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { roomIdOf } from '../src/store/rooms.js';
import { bed, closeBed, events, fill, models, newMember, newRoom, openChat, publishProject, refusal, said, say } from './support.js';

const clients = await openChat();
const { chat, stop } = clients;
const HOUR_MS = 3_600_000;

test('a room opens once when its project goes live, however often that is told, and says so', async () => {
  const opened = await events.listen(RoomOpened);
  const [projectId, sellerId] = [randomUUID(), randomUUID()];
  await publishProject(projectId, sellerId);
  await publishProject(projectId, sellerId);
  const { room } = await until(() => chat.getRoom({ id: '', projectId }));
  assert.equal([room!.id, room!.sellerId, room!.title, room!.state], [roomIdOf(projectId), sellerId, '달빛 조명', Room_State.STATE_OPEN]);
  await until(() => opened.some(({ roomId }) => roomId === room!.id));
  assert.is(await models.rooms.countDocuments({ projectId }), 1);
  assert.is(await refusal(chat.getRoom({ id: randomUUID(), projectId: '' })), 'ROOM_NOT_FOUND');
});

test('members write, with an answer, a mention and an image; everybody reads it; the seller and staff are marked', async () => {
  const sellerId = randomUUID();
  const roomId = await newRoom(sellerId);
  const [buyer, seller] = [await newMember(roomId, '바다'), await newMember(roomId, '공방', sellerId)];
  const moderator = await newMember(roomId, '운영');
  const posted = await events.listen(MessagePosted);
  const first = await say(clients, buyer, roomId, '배송은 언제 시작되나요?');
  const more = { replyTo: first, mentions: [buyer.accountId, buyer.accountId], imageUrls: ['https://img.example/box.png'] };
  await chat.sendMessage(said(roomId, '다음 주입니다.', more), seller.token);
  await chat.sendMessage(said(roomId, '좋은 소식이네요'), await bed.as(moderator.accountId, 'USER', 'ADMIN'));
  const { messages, hasMore } = await chat.listMessages({ roomId, before: 0n, after: 0n, pageSize: 0 });
  assert.equal(
    messages.map(({ sequence, authorNickname, mark, content }) => [sequence, authorNickname, mark, content!.text]),
    [
      [3n, '운영', Mark.MARK_MODERATOR, '좋은 소식이네요'],
      [2n, '공방', Mark.MARK_SELLER, '다음 주입니다.'],
      [1n, '바다', Mark.MARK_NONE, '배송은 언제 시작되나요?'],
    ],
  );
  assert.equal([hasMore, messages[1]!.content!.replyTo, messages[1]!.content!.mentions], [false, first, [buyer.accountId]]);
  await until(() => posted.filter((event) => event.roomId === roomId).length === 3);
  assert.equal(
    posted.filter((event) => event.roomId === roomId).map(({ sequence, kind }) => [sequence, kind]),
    [1n, 2n, 3n].map((sequence) => [sequence, Entry_Kind.KIND_MESSAGE]),
  );
  const left = await until(async () => (await models.entries.countDocuments({ roomId, unsentTime: null })) === 3);
  assert.ok(left);
});

test('only members write, and only what says something, about what is there', async () => {
  const roomId = await newRoom();
  const [member, stranger] = [await newMember(roomId), { accountId: randomUUID(), token: await bed.as(randomUUID()) }];
  const send = (person: typeof member, text: string, more = {}) => refusal(chat.sendMessage(said(roomId, text, more), person.token));
  assert.is(await send(stranger, '안녕하세요'), 'NOT_A_MEMBER');
  assert.is(await send(member, ' \n '), 'MESSAGE_EMPTY');
  assert.is(await send(member, '가'.repeat(2_001)), 'REQUEST_INVALID');
  assert.is(await send(member, '답', { replyTo: 1n }), 'MESSAGE_NOT_FOUND');
  assert.is(await send(member, '누구', { mentions: [stranger.accountId] }), 'MEMBER_NOT_FOUND');
  assert.is(await send(member, '그림', { imageUrls: ['http://plain.example/x.png'] }), 'REQUEST_INVALID');
  assert.is(await refusal(chat.sendMessage(said(randomUUID(), '없는 방'), member.token)), 'ROOM_NOT_FOUND');
  assert.is(await say(clients, member, roomId, '가'.repeat(2_000)), 1n);
  assert.is(await say(clients, member, roomId, '', { imageUrls: ['https://img.example/x.png'] }), 2n);
});

test('a message that is sent again is there once, and its id is good for nothing else', async () => {
  const roomId = await newRoom();
  const member = await newMember(roomId);
  const message = said(roomId, '한 번만');
  const answers = await Promise.all([1, 2, 3].map(() => chat.sendMessage(message, member.token)));
  assert.equal(new Set(answers.map(({ message }) => message!.sequence)), new Set([1n]));
  assert.is(await refusal(chat.sendMessage({ ...message, text: '다른 말' }, member.token)), 'REQUEST_ID_REUSED');
  await chat.leaveRoom({ roomId }, member.token);
  assert.is((await chat.sendMessage(message, member.token)).message!.sequence, 1n);
  assert.is(await models.entries.countDocuments({ roomId }), 1);
});

test('an author edits for a day and deletes for ever; the log keeps all of it', async () => {
  const roomId = await newRoom();
  const [author, other] = [await newMember(roomId), await newMember(roomId)];
  const sequence = await say(clients, author, roomId, '오타가 있스니다');
  const edit = { requestId: randomUUID(), roomId, sequence, text: '오타가 없습니다', imageUrls: [] };
  assert.is(await refusal(chat.editMessage(edit, other.token)), 'MESSAGE_NOT_FOUND');
  assert.is(await refusal(chat.deleteMessage({ roomId, sequence }, other.token)), 'MESSAGE_NOT_FOUND');
  const { message } = await chat.editMessage(edit, author.token);
  assert.equal([message!.content!.text, message!.state], ['오타가 없습니다', Message_State.STATE_POSTED]);
  assert.ok(message!.editTime);
  await chat.editMessage(edit, author.token);
  assert.is(await refusal(chat.editMessage({ ...edit, requestId: randomUUID(), text: '' }, author.token)), 'MESSAGE_EMPTY');
  for (let time = 0; time < 2; time++) {
    const { message } = await chat.deleteMessage({ roomId, sequence }, author.token);
    assert.equal([message!.state, message!.content], [Message_State.STATE_DELETED, undefined]);
  }
  assert.is(await refusal(chat.editMessage({ ...edit, requestId: randomUUID() }, author.token)), 'MESSAGE_DELETED');
  const kept = await models.entries.find({ roomId }).sort({ sequence: 1 }).lean();
  assert.equal(
    kept.map(({ kind, content }) => [kind, content?.text]),
    [
      ['MESSAGE', '오타가 있스니다'],
      ['EDIT', '오타가 없습니다'],
      ['DELETE', ''],
    ],
  );
  const late = await say(clients, author, roomId, '어제의 말');
  bed.shiftClock(25 * HOUR_MS);
  const token = await bed.as(author.accountId);
  assert.is(await refusal(chat.editMessage({ ...edit, requestId: randomUUID(), sequence: late }, token)), 'EDIT_TOO_LATE');
  assert.is((await chat.deleteMessage({ roomId, sequence: late }, token)).message!.state, Message_State.STATE_DELETED);
});

test('pages go both ways, message by message, without a gap or a repeat', async () => {
  const roomId = await newRoom();
  await fill(clients, roomId, 45);
  const author = await newMember(roomId);
  const own = await say(clients, author, roomId, '지울 말');
  await chat.deleteMessage({ roomId, sequence: own }, author.token);
  await say(clients, author, roomId, '마지막 말');
  const read = async (way: 'before' | 'after') => {
    const found: number[] = [];
    for (let last = 0n, more = true; more; ) {
      const page = await chat.listMessages({ roomId, before: 0n, after: 0n, pageSize: 20, [way]: last || (way === 'after' ? 1n : 0n) });
      found.push(...page.messages.map(({ sequence }) => Number(sequence)));
      last = page.messages.at(-1)!.sequence;
      more = page.hasMore;
    }
    return found;
  };
  const messages = [...Array.from({ length: 46 }, (_, index) => index + 1), 48];
  assert.equal(await read('before'), [...messages].reverse());
  assert.equal(await read('after'), messages.slice(1));
  assert.is(await refusal(chat.listMessages({ roomId, before: 5n, after: 5n, pageSize: 0 })), 'REQUEST_INVALID');
});

test('what is unread is counted from where one has read, which never goes back', async () => {
  const [roomId, quiet] = [await newRoom(), await newRoom()];
  const reader = await newMember(roomId);
  await newMember(quiet, '하늘', reader.accountId);
  await fill(clients, roomId, 7);
  const mine = async () => (await chat.listMyRooms({ pageSize: 0, pageToken: '' }, reader.token)).rooms;
  const unread = async () => (await mine()).map(({ room, unreadCount }) => [room!.id, unreadCount]);
  await until(async () => (await mine())[0]!.room!.lastSequence === 7n);
  assert.equal(await unread(), [
    [roomId, 7],
    [quiet, 0],
  ]);
  assert.is((await chat.markRead({ roomId, sequence: 5n }, reader.token)).member!.readSequence, 5n);
  assert.is((await chat.markRead({ roomId, sequence: 2n }, reader.token)).member!.readSequence, 5n);
  assert.is((await unread())[0]![1], 2);
  assert.is((await chat.markRead({ roomId, sequence: 1_000_000n }, reader.token)).member!.readSequence, 7n);
  assert.is(await refusal(chat.markRead({ roomId, sequence: 1n }, await bed.as(randomUUID()))), 'NOT_A_MEMBER');
  const { rooms, nextPageToken } = await chat.listMyRooms({ pageSize: 1, pageToken: '' }, reader.token);
  const second = await chat.listMyRooms({ pageSize: 1, pageToken: nextPageToken }, reader.token);
  assert.equal([rooms[0]!.room!.id, second.rooms[0]!.room!.id, second.nextPageToken], [roomId, quiet, '']);
});

test('who joins and leaves at once with others is counted right; who leaves is without a name', async () => {
  const roomId = await newRoom();
  const people = await Promise.all(Array.from({ length: 20 }, () => bed.as(randomUUID())));
  await Promise.all(people.map((token, index) => chat.joinRoom({ roomId, nickname: `사람 ${index}` }, token)));
  await chat.sendMessage(said(roomId, '저는 갑니다'), people[0]);
  await Promise.all(people.slice(0, 5).map((token) => chat.leaveRoom({ roomId }, token)));
  await until(async () => (await chat.getRoom({ id: roomId, projectId: '' })).room!.memberCount === 15);
  const { messages } = await chat.listMessages({ roomId, before: 0n, after: 0n, pageSize: 0 });
  assert.equal([messages[0]!.authorNickname, messages[0]!.content!.text], ['', '저는 갑니다']);
  assert.is(await refusal(chat.sendMessage(said(roomId, '아직 있나요'), people[0])), 'NOT_A_MEMBER');
  assert.is(await refusal(chat.joinRoom({ roomId, nickname: ' 빈칸' }, people[0])), 'REQUEST_INVALID');
  assert.is((await chat.joinRoom({ roomId, nickname: '다시 왔어요' }, people[0])).member!.nickname, '다시 왔어요');
});

test('a closed account leaves what it said, and no name, and cannot come back', async () => {
  const roomId = await newRoom();
  const member = await newMember(roomId, '떠난 사람');
  await say(clients, member, roomId, '남는 말');
  const closed = AccountClosed.fromPartial({ accountId: member.accountId, closeTime: bed.now() });
  await events.publish(AccountClosed, closed);
  await events.publish(AccountClosed, closed);
  const newest = async () => (await chat.listMessages({ roomId, before: 0n, after: 0n, pageSize: 0 })).messages[0]!;
  await until(async () => (await newest()).authorNickname === '');
  assert.is((await newest()).content!.text, '남는 말');
  assert.is(await refusal(chat.joinRoom({ roomId, nickname: '또 나' }, member.token)), 'ROOM_NOT_FOUND');
  const { nickname, leaveTime } = (await models.members.findOne({ roomId, accountId: member.accountId }).lean())!;
  assert.is(nickname, '');
  assert.ok(leaveTime);
});

test('who sends faster than the contract says is told when to come back', async () => {
  const roomId = await newRoom();
  const member = await newMember(roomId);
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, () =>
      say(clients, member, roomId, '빨리').then(
        () => 'OK',
        (error) => refusal(Promise.reject(error)),
      ),
    ),
  );
  assert.is(outcomes.filter((outcome) => outcome === 'OK').length, 30);
  assert.is(outcomes.filter((outcome) => outcome === 'SENDER_TOO_FAST').length, 10);
  bed.shiftClock(26 * HOUR_MS);
  await chat.sendMessage(said(roomId, '천천히'), await bed.as(member.accountId));
});

test.after(async () => {
  await closeBed(stop);
});
test.run();
