// Talk in a real house with two copies of chat: at the door over gRPC and gRPC-Web, and while chat and MongoDB are killed.
import { type Moa, MoaError } from '@moa/client/node';
import { connectMoa as connectWeb } from '@moa/client/web';
import { connectDocuments } from '@moa/kit/mongo';
import { until } from '@moa/testkit';
import { commitmentOf, entryHash, hex, ZERO } from '@moa/verify';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openHouse } from './house.js';

const MINUTE_MS = 60_000;
const AT_ONCE = 5;
const SENDERS = 50;
const EACH = 30;

const house = await openHouse({ copies: { chat: 2 } });
const seller = await house.seller();

async function roomOf(projectId: string): Promise<string> {
  return (await until(() => house.visitor().chat.getRoom({ projectId }))).room!.id;
}

/** Reads along in the background, as a program would. */
function readAlong({ chat }: Pick<Moa, 'chat'>, roomId: string, after = 0) {
  const stop = new AbortController();
  const sequences: number[] = [];
  const ended = (async () => {
    for await (const { entry } of chat.streamMessages({ roomId, after: BigInt(after) }, { signal: stop.signal }))
      if (entry) sequences.push(Number(entry.sequence));
    return 'OK';
  })().catch((error: Error) => (error instanceof MoaError ? `${error.code} ${error.reason}` : error.name));
  return { sequences, ended, stop: () => stop.abort() };
}

const web = () => connectWeb(house.stack.publicUrl);
const upTo = (last: number, after = 0) => Array.from({ length: last - after }, (_, index) => after + index + 1);

test('what a member says is read at the door over gRPC and gRPC-Web, by the seller, and by who comes later', async () => {
  const { projectId } = await house.liveProject(seller);
  const roomId = await roomOf(projectId);
  const member = await house.person();
  await member.chat.joinRoom({ roomId, nickname: '첫 손님' });
  await seller.chat.joinRoom({ roomId, nickname: '모아공방' });
  const readers = [readAlong(house.visitor(), roomId), readAlong(web(), roomId), readAlong(seller, roomId)];
  const { message } = await member.chat.sendMessage({ roomId, text: '언제 받을 수 있나요?' });
  await seller.chat.sendMessage({ roomId, text: '3월입니다.', replyTo: message!.sequence });
  await member.chat.deleteMessage({ roomId, sequence: message!.sequence });
  readers.push(readAlong(web(), roomId, 1));
  await until(() => readers.every(({ sequences }) => sequences.at(-1) === 3));
  for (const { sequences } of readers.slice(0, 3)) assert.equal(sequences, [1, 2, 3]);
  assert.equal(readers[3]!.sequences, [2, 3]);
  const { messages } = await web().chat.listMessages({ roomId });
  assert.equal(
    messages.map(({ authorNickname, content }) => [authorNickname, content?.text]),
    [
      ['모아공방', '3월입니다.'],
      ['첫 손님', undefined],
    ],
  );
  for (const { stop } of readers) stop();
  for (const { ended } of readers) assert.is(await ended, 'AbortError');
  const missing = readAlong(web(), '00000000-0000-4000-8000-000000000000');
  assert.is(await missing.ended, '5 ROOM_NOT_FOUND');
});

test('fifty send while chat and MongoDB are killed: each acknowledged message is there once, in order, in one chain', async () => {
  const { projectId } = await house.liveProject(seller);
  const roomId = await roomOf(projectId);
  // A few at a time: what is tried here is how they send.
  const senders: Awaited<ReturnType<typeof house.person>>[] = [];
  while (senders.length < SENDERS) senders.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => house.person()))));
  for (const [index, sender] of senders.entries()) await sender.chat.joinRoom({ roomId, nickname: `손님 ${index}` });
  const readers = [readAlong(house.visitor(), roomId), readAlong(web(), roomId)];
  const acknowledged = new Map<string, bigint>();
  let done = 0;
  const sending = senders.map(async (sender, index) => {
    let last = 0n;
    for (let count = 0; count < EACH; count++) {
      const text = `${index} ${count}`;
      const sequence = await sendForSure(sender, { requestId: crypto.randomUUID(), roomId, text });
      assert.ok(sequence > last);
      last = sequence;
      acknowledged.set(text, sequence);
    }
    done++;
  });
  const victims = ['chat', 'mongo', 'chat-2', 'mongo'];
  let kills = 0;
  for (const victim of victims) {
    const wanted = acknowledged.size + SENDERS;
    await until(() => acknowledged.size >= wanted || done === SENDERS, MINUTE_MS);
    if (done === SENDERS) break;
    await house.stack.kill(victim);
    kills++;
    await house.stack.isUp(victim);
  }
  await Promise.all(sending);
  const { log, faults } = await readLog(roomId);
  const lost = [...acknowledged].filter(([text, sequence]) => log.get(text)?.join() !== String(sequence));
  console.error(`» ${kills} kills of chat and MongoDB: ${acknowledged.size} acknowledged, ${lost.length} lost, doubled or moved`);
  assert.is(kills, victims.length);
  assert.equal([lost, faults], [[], []]);
  assert.is(log.size, SENDERS * EACH);
  await until(() => readers.every(({ sequences }) => sequences.at(-1) === SENDERS * EACH), MINUTE_MS);
  for (const { sequences, stop } of readers) {
    assert.equal(sequences, upTo(SENDERS * EACH));
    stop();
  }
});

/** Sends the same again until it is acknowledged, as a program does that does not know what became of it. */
async function sendForSure(sender: Moa, message: { requestId: string; roomId: string; text: string }): Promise<bigint> {
  return until(async () => (await sender.chat.sendMessage(message)).message!.sequence, MINUTE_MS);
}

/** Where each text stands, and what is wrong with the log: read from the store itself. */
async function readLog(roomId: string): Promise<{ log: Map<string, number[]>; faults: string[] }> {
  const url = new URL(house.stack.mongoAdminUrl);
  url.pathname = '/chat';
  const connection = await connectDocuments(url.href);
  const entries = await connection.collection('entries').find({ roomId }).sort({ sequence: 1 }).toArray();
  await connection.close();
  const log = new Map<string, number[]>();
  const faults: string[] = [];
  let previous: Uint8Array = ZERO;
  for (const [index, entry] of entries.entries()) {
    const { sequence, time, authorId: author, mark, kind, target, content, nonce, commitment, hash } = entry;
    log.set(content.text, [...(log.get(content.text) ?? []), sequence]);
    const committed = commitmentOf(content, Buffer.from(nonce, 'hex'));
    const hashed = entryHash({ room: roomId, sequence, time, author, mark, kind, target }, committed, previous);
    const fits = sequence === index + 1 && entry.previous === hex(previous) && commitment === hex(committed) && hash === hex(hashed);
    if (!fits) faults.push(`${sequence} does not fit`);
    previous = hashed;
  }
  return { log, faults };
}

test.after(async () => {
  await house.close();
});
test.run();
