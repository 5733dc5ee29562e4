// What compliance does with the archive: searching, exporting, holding; by two people, and all of it written down.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ApprovalRequest_State, Format, type Query } from '@moa/contracts/chat/v1/archive';
import { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { Entry_Kind } from '@moa/contracts/chat/v1/chat';
import { makePageToken } from '@moa/kit';
import { until } from '@moa/testkit';
import { publicKeyFrom, verifyExport } from '@moa/verify';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closeAccount } from '../src/store/members.js';
import { findRoom } from '../src/store/rooms.js';
import { cause, compliance, gather } from './archive-support.js';
import { bed, closeBed, fill, models, newMember, newRoom, openChat, refusal, said, say, staff } from './support.js';

const clients = await openChat();
const { archive, chat, moderation } = clients;
const me = randomUUID();
const token = await compliance(me);
const other = await compliance();

const everything: Query = {
  text: '',
  roomId: '',
  projectId: '',
  authorId: '',
  kind: Entry_Kind.KIND_UNSPECIFIED,
  startTime: undefined,
  endTime: undefined,
  reported: false,
  deleted: false,
  hidden: false,
};

const search = async (query: Partial<Query>, pageSize = 100, pageToken = '') =>
  archive.searchMessages({ cause, query: { ...everything, ...query }, pageSize, pageToken }, token);
const found = async (query: Partial<Query>) => (await search(query)).entries.map(({ sequence }) => Number(sequence)).reverse();

test('parts of words are found in Korean and Latin, whatever became of the message; letter case does not matter', async () => {
  const roomId = await newRoom();
  const author = await newMember(roomId);
  for (const text of ['계좌로 직접 송금해 주세요', 'Send it to my PayPal instead', '송금은 내일 할게요', 'ab bc'])
    await say(clients, author, roomId, text);
  const said2 = async (text: string) => found({ text, roomId });
  assert.equal(await said2('송금'), [1, 3]);
  assert.equal(await said2('접 송금해'), [1]);
  assert.equal(await said2('paypa'), [2]);
  assert.equal(await said2('ＰＡＹ'), [2]);
  // All pairs of it are there, but not in this order.
  assert.equal(await said2('abc'), []);
  assert.equal(await said2('없는 말'), []);
  assert.is(await refusal(search({ text: '송' })), 'QUERY_TOO_SHORT');
});

test('author, room, project, time, kind and state narrow a search', async () => {
  const roomId = await newRoom();
  const { projectId } = await findRoom(models, roomId);
  const [first, second] = [await newMember(roomId), await newMember(roomId)];
  for (const person of [first, second, first, second]) await say(clients, person, roomId, '같은 말');
  await chat.deleteMessage({ roomId, sequence: 1n }, first.token);
  await moderation.hideMessage({ roomId, sequence: 2n }, await staff());
  await chat.reportMessage({ roomId, sequence: 3n, reason: '거짓말입니다' }, second.token);
  await chat.editMessage({ requestId: randomUUID(), roomId, sequence: 4n, text: '다른 말', imageUrls: [] }, second.token);
  assert.equal(await found({ projectId }), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(await found({ projectId, roomId: await newRoom() }), []);
  assert.equal(await found({ authorId: first.accountId, kind: Entry_Kind.KIND_MESSAGE }), [1, 3]);
  assert.equal(await found({ roomId, deleted: true }), [1]);
  assert.equal(await found({ roomId, hidden: true, text: '같은' }), [2]);
  assert.equal(await found({ roomId, reported: true }), [3]);
  assert.equal(await found({ roomId, text: '다른' }), [7]);
  const [entry] = (await search({ roomId, deleted: true })).entries;
  assert.equal([entry!.content!.text, entry!.deleted, entry!.nonce.length], ['같은 말', true, 32]);
  const { createTime } = (await search({ roomId })).entries.find(({ sequence }) => sequence === 4n)!;
  assert.ok(!(await found({ roomId, endTime: createTime })).includes(4));
  assert.ok((await found({ roomId, startTime: createTime })).includes(4));
  const context = await archive.getMessageContext({ cause, roomId, sequence: 4n, count: 2 }, token);
  assert.equal(
    context.entries.map(({ sequence }) => Number(sequence)),
    [2, 3, 4, 5, 6],
  );
});

test('pages go to the end and back again, and show the same', async () => {
  const roomId = await newRoom();
  await fill(clients, roomId, 23);
  for (const text of ['', '이야기']) {
    const there: string[][] = [];
    let page = await search({ roomId, text }, 5);
    const shown = () => page.entries.map(({ sequence }) => String(sequence));
    for (there.push(shown()); page.nextPageToken; there.push(shown())) page = await search({ roomId, text }, 5, page.nextPageToken);
    assert.is(there.flat().length, 23);
    const back = [there.at(-1)!];
    while (page.previousPageToken) {
      page = await search({ roomId, text }, 5, page.previousPageToken);
      back.unshift(shown());
    }
    assert.equal(back, there);
    assert.ok(page.nextPageToken);
  }
});

test('of messages of several rooms each is told what became of it', async () => {
  const rooms = [await newRoom(), await newRoom(), await newRoom()] as const;
  const text = randomUUID();
  for (const roomId of rooms) {
    const author = await newMember(roomId);
    for (let nth = 0; nth < 2; nth++) await say(clients, author, roomId, text);
    if (roomId === rooms[0]) await chat.deleteMessage({ roomId, sequence: 1n }, author.token);
    if (roomId === rooms[1]) await chat.reportMessage({ roomId, sequence: 2n, reason: 'x' }, author.token);
  }
  const { entries } = await search({ text });
  const told = (is: (entry: (typeof entries)[number]) => boolean) => entries.filter(is).map(({ roomId, sequence }) => [roomId, sequence]);
  assert.is(entries.length, 6);
  assert.equal(
    told(({ deleted }) => deleted),
    [[rooms[0], 1n]],
  );
  assert.equal(
    told(({ reported }) => reported),
    [[rooms[1], 2n]],
  );
});

test('operators in filters are text; page tokens of others are refused', async () => {
  for (const injected of ['{"$ne":""}', '$where', '{"$gt":""}']) {
    assert.equal(await found({ authorId: injected }), []);
    assert.equal(await found({ roomId: injected }), []);
    assert.equal(await found({ projectId: injected, text: '$ne' }), []);
  }
  for (const keys of [['OLDER', 'never', '1', 'x'], ['UP', '2026-01-01', '1', 'x'], ['OLDER']])
    assert.is(await refusal(search({}, 5, makePageToken(keys, []))), 'PAGE_TOKEN_INVALID');
});

test('nobody but compliance gets in, whatever is asked', async () => {
  const people = [await bed.as(randomUUID()), await bed.as(randomUUID(), 'ADMIN'), await bed.as(randomUUID(), 'SELLER')];
  const before = await models.accessRecords.countDocuments({});
  let refused = 0;
  for (const person of people)
    for (const [name, { requestType, responseStream }] of Object.entries(ArchiveServiceDefinition.methods)) {
      const request = requestType.fromPartial({ cause } as never);
      const outcome = (archive as unknown as Record<string, (asked: object, token: unknown) => unknown>)[name]!(request, person);
      assert.is(
        await refusal(responseStream ? gather(outcome as AsyncIterable<unknown>) : (outcome as Promise<unknown>)),
        'CALLER_NOT_ALLOWED',
      );
      refused += 1;
    }
  assert.is(refused, 63);
  assert.is(await models.accessRecords.countDocuments({}), before);
});

const exportIt = async (exportId: string, whose: typeof token) => gather(archive.exportMessages({ cause, exportId }, whose));

test('an export needs a second person, goes to who asked for it, and is verified without us', async () => {
  const roomId = await newRoom();
  await fill(clients, roomId, 12);
  const author = await newMember(roomId);
  const sequence = await say(clients, author, roomId, '줄바꿈\n과 "따옴표", 쉼표');
  await chat.deleteMessage({ roomId, sequence }, author.token);
  const { keys } = await archive.listSigningKeys({ cause }, token);
  for (const format of [Format.FORMAT_NDJSON, Format.FORMAT_CSV]) {
    const wish = { requestId: randomUUID(), cause, query: { ...everything, roomId }, format };
    const { request } = await archive.requestExport(wish, token);
    assert.is((await archive.requestExport(wish, token)).request!.id, request!.id);
    assert.is(await refusal(archive.requestExport({ ...wish, query: everything }, token)), 'REQUEST_ID_REUSED');
    const { id } = request!;
    const approval = { requestId: randomUUID(), cause, id };
    assert.is(await refusal(archive.approveRequest(approval, token)), 'SECOND_PERSON_NEEDED');
    assert.is(await refusal(exportIt(id, token)), 'EXPORT_NOT_APPROVED');
    for (let time = 0; time < 2; time++)
      assert.is((await archive.approveRequest(approval, other)).request!.state, ApprovalRequest_State.STATE_APPROVED);
    assert.is(await refusal(archive.rejectRequest(approval, other)), 'APPROVAL_DECIDED');
    assert.is(await refusal(exportIt(id, other)), 'APPROVAL_NOT_FOUND');
    const parts = (await exportIt(id, token)).map(({ part }) => part!);
    const manifest = Buffer.from(parts.at(-1)!.value).toString();
    const chunks = parts.filter(({ $case }) => $case === 'data').map(({ value }) => value);
    const report = await verifyExport(manifest, Readable.from(chunks), {
      keys: keys.map(({ pem }) => publicKeyFrom(pem)),
      checkpoints: [],
    });
    assert.equal(report.findings, []);
    assert.equal([JSON.parse(manifest).count, JSON.parse(manifest).rooms[0].complete], [14, true]);
  }
});

test('a hold is let go of by two people, and a wish that was refused stays so', async () => {
  const roomId = await newRoom();
  const empty = { roomId: '', projectId: '', authorId: '', startTime: undefined, endTime: undefined };
  const wish = { requestId: randomUUID(), cause, ...empty, roomId };
  assert.is(await refusal(archive.createHold({ ...wish, ...empty }, token)), 'HOLD_WITHOUT_REACH');
  const { hold } = await archive.createHold(wish, token);
  assert.is((await archive.createHold(wish, token)).hold!.id, hold!.id);
  assert.is(await refusal(archive.createHold({ ...wish, roomId: randomUUID() }, token)), 'REQUEST_ID_REUSED');
  const isListed = async (released = false) =>
    (await archive.listHolds({ cause, released, pageSize: 100, pageToken: '' }, token)).holds.some(({ id }) => id === hold!.id);
  const ask = async () => (await archive.requestHoldRelease({ requestId: randomUUID(), cause, holdId: hold!.id }, token)).request!.id;
  const refused = await ask();
  assert.is(await refusal(archive.rejectRequest({ requestId: randomUUID(), cause, id: refused }, token)), 'SECOND_PERSON_NEEDED');
  await archive.rejectRequest({ requestId: randomUUID(), cause, id: refused }, other);
  assert.is(await refusal(archive.approveRequest({ requestId: randomUUID(), cause, id: refused }, other)), 'APPROVAL_DECIDED');
  assert.ok(await isListed());
  const id = await ask();
  const waiting = { cause, state: ApprovalRequest_State.STATE_WAITING, pageSize: 1, pageToken: '' };
  assert.is((await archive.listRequests(waiting, other)).requests[0]!.id, id);
  assert.is((await archive.listRequests({ ...waiting, state: ApprovalRequest_State.STATE_REJECTED }, other)).requests[0]!.id, refused);
  assert.is(await refusal(archive.approveRequest({ requestId: randomUUID(), cause, id }, token)), 'SECOND_PERSON_NEEDED');
  await archive.approveRequest({ requestId: randomUUID(), cause, id }, other);
  assert.equal([await isListed(), await isListed(true)], [false, true]);
  assert.is(await refusal(ask()), 'HOLD_RELEASED');
});

test('everything is written down before it is answered, in a chain that shows a change', async () => {
  const state = () => archive.verifyAccessLog({ cause }, token);
  const before = Number((await state()).recordCount);
  const roomId = await newRoom();
  await Promise.all(Array.from({ length: 20 }, () => search({ roomId })));
  await refusal(search({ text: '한' }));
  await gather(archive.verifyRoom({ cause, roomId }, token));
  const { recordCount, intact, head } = await state();
  assert.equal([Number(recordCount), intact, head.length], [before + 23, true, 32]);
  const { records } = await archive.listAccessLog({ cause, accountId: me, caseId: cause.caseId, pageSize: 5, pageToken: '' }, token);
  assert.equal(
    records.slice(0, 4).map(({ action }) => action),
    ['ListAccessLog', 'VerifyAccessLog', 'VerifyRoom', 'SearchMessages'],
  );
  assert.is(JSON.parse(records[3]!.detail).query.text, '한');
  const stored = models.accessRecords.collection;
  const victim = (await models.accessRecords.findById(before + 5).lean())!;
  for (const tamper of [
    () => stored.updateOne({ _id: victim._id } as never, { $set: { accountId: randomUUID() } }),
    () => stored.updateOne({ _id: victim._id } as never, { $set: { detail: '{}' } }),
    () => stored.deleteOne({ _id: victim._id } as never),
  ]) {
    await tamper();
    const { brokenSequence, intact: isIntact } = await state();
    assert.equal([Number(brokenSequence), isIntact], [before + 5, false]);
    await stored.deleteOne({ _id: victim._id } as never);
    await stored.insertOne(victim as never);
  }
  assert.ok((await state()).intact);
});

test('when a search is answered, or refused, its record stands already', async () => {
  for (const text of Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? randomUUID() : '한'))) {
    const before = await models.accessRecords.countDocuments({});
    await search({ text }).catch(() => {});
    const last = await models.accessRecords.findOne({}).sort({ _id: -1 }).lean();
    assert.equal([last!.sequence, JSON.parse(last!.detail).query.text], [before + 1, text]);
  }
});

test('a policy is never shorter than six months, and is changed as it was read', async () => {
  const { policy } = await archive.getRetentionPolicy({ cause }, token);
  assert.equal([policy!.days, policy!.projects], [1_095, []]);
  const projectId = randomUUID();
  const wish = { cause, days: 1_000, projects: [{ projectId, days: 2_000 }], etag: policy!.etag };
  assert.is(await refusal(archive.updateRetentionPolicy({ ...wish, days: 183 }, token)), 'REQUEST_INVALID');
  assert.is(await refusal(archive.updateRetentionPolicy({ ...wish, projects: [{ projectId, days: 183 }] }, token)), 'REQUEST_INVALID');
  const changed = await archive.updateRetentionPolicy(wish, token);
  assert.equal([changed.policy!.days, changed.policy!.projects], [1_000, wish.projects]);
  assert.is(await refusal(archive.updateRetentionPolicy(wish, token)), 'POLICY_CHANGED');
  const { reports } = await archive.listRetentionReports({ cause, pageSize: 5, pageToken: '' }, token);
  const { report } = await archive.getRetentionReport({ cause, id: reports[0]!.id }, token);
  assert.equal([report!.purgedCount, report!.heldCount], [0n, 0n]);
});

test('of a person whose account was closed the name goes; what is kept is listed, with its reason, and the proofs hold', async () => {
  const roomId = await newRoom();
  const person = await newMember(roomId, '지워질 이름');
  for (let time = 0; time < 3; time++) await chat.sendMessage(said(roomId, '남는 말'), person.token);
  const reach = { roomId: '', projectId: '', authorId: person.accountId, startTime: undefined, endTime: undefined };
  const { hold } = await archive.createHold({ requestId: randomUUID(), cause, ...reach }, token);
  await closeAccount(models, person.accountId, bed.now());
  const asked = { cause, accountId: person.accountId, pageSize: 0, pageToken: '' };
  const { rooms } = await archive.listKeptOfAccount(asked, token);
  assert.equal([rooms.length, rooms[0]!.roomId, rooms[0]!.entryCount, rooms[0]!.holdIds], [1, roomId, 3n, [hold!.id]]);
  assert.ok(rooms[0]!.retainUntil! > bed.now());
  assert.not.match(JSON.stringify(await models.members.find({ roomId }).lean()), /지워질 이름/);
  assert.ok((await gather(archive.verifyRoom({ cause, roomId }, token))).at(-1)!.intact);
});

test('a purge comes by itself when the clock has gone on by six hours', async () => {
  const newest = async () => {
    const { reports } = await archive.listRetentionReports({ cause, pageSize: 1, pageToken: '' }, await compliance());
    return reports[0]?.endTime && reports[0];
  };
  const before = await until(newest);
  bed.shiftClock(6 * 3_600_000);
  await until(async () => (await newest())?.id !== before.id);
});

test.after(() => closeBed(clients.stop));
test.run();
