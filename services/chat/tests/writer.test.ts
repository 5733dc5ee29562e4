// Many write in one room at once: the log has no gap, no repeat, and one chain.
import { randomUUID } from 'node:crypto';
import { killServices } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnChat } from './child-process.js';
import { type Clients, closeBed, faultsOf, models, newMember, newRoom, openChat, type Person, said } from './support.js';

const SENDERS = 50;
const EACH = 10;
const [one, other] = [await openChat(), await openChat()];

const newSenders = (roomId: string, count = SENDERS) => Promise.all(Array.from({ length: count }, () => newMember(roomId)));

test('fifty who send at once through two copies have each message once, in their order, in one chain', async () => {
  const roomId = await newRoom();
  const senders = await newSenders(roomId);
  const startMs = performance.now();
  await Promise.all(
    senders.map(async (person, index) => {
      const clients = async () => (index % 2 === 0 ? one : other);
      let last = 0n;
      for (let count = 0; count < EACH; count++) {
        const sequence = await sendForSure(clients, person, said(roomId, `${person.accountId} ${count}`));
        assert.ok(sequence > last);
        last = sequence;
      }
    }),
  );
  const perSecond = Math.round((SENDERS * EACH * 1_000) / (performance.now() - startMs));
  console.error(`» ${SENDERS} senders, two copies: ${SENDERS * EACH} messages, ${perSecond} a second`);
  assert.equal(await faultsOf(roomId), []);
  const log = await models.entries.find({ roomId }).sort({ sequence: 1 }).lean();
  assert.is(log.length, SENDERS * EACH);
  for (const { accountId } of senders) {
    const own = log.filter(({ authorId }) => authorId === accountId).map(({ content }) => content!.text);
    assert.equal(
      own,
      Array.from({ length: EACH }, (_, count) => `${accountId} ${count}`),
    );
  }
});

/** Sends until it is acknowledged, as a client does that does not know what became of it. */
async function sendForSure(clients: () => Promise<Clients>, { token }: Person, message: ReturnType<typeof said>): Promise<bigint> {
  for (;;) {
    try {
      return (await (await clients()).chat.sendMessage(message, token)).message!.sequence;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

for (const point of ['chat.write.decided', 'chat.write.inserted']) {
  test(`killed at ${point}, and sent again, each message is there once and in the chain`, async () => {
    const roomId = await newRoom();
    const senders = await newSenders(roomId, 10);
    const dying = spawnChat(point);
    let killed = false;
    void dying.killed().then(() => {
      killed = true;
    });
    const clients = async () => (killed ? one : dying.clients());
    const sequences = await Promise.all(senders.map((person, index) => sendForSure(clients, person, said(roomId, `말 ${index}`))));
    assert.is(killed, true);
    assert.is(new Set(sequences).size, senders.length);
    assert.is(await models.entries.countDocuments({ roomId }), senders.length);
    assert.equal(await faultsOf(roomId), []);
  });
}

test('an acknowledged message is in the log, whoever is killed while fifty send', async () => {
  const roomId = await newRoom();
  const senders = await newSenders(roomId);
  let running = spawnChat();
  await running.clients();
  let kills = 0;
  let done = 0;
  const acknowledged = new Map<string, bigint>();
  const sending = senders.map(async (person, index) => {
    for (let count = 0; count < EACH; count++) {
      const message = { ...said(roomId, `${index} ${count}`), requestId: randomUUID() };
      acknowledged.set(message.requestId, await sendForSure(() => running.clients(), person, message));
    }
    done++;
  });
  while (done < SENDERS) {
    const before = acknowledged.size;
    while (acknowledged.size < before + 120 && done < SENDERS) await new Promise((resolve) => setTimeout(resolve, 5));
    if (done === SENDERS) break;
    running.kill();
    kills++;
    running = spawnChat();
  }
  await Promise.all(sending);
  const log = await models.entries.find({ roomId }).lean();
  const lost = [...acknowledged].filter(
    ([requestId, sequence]) =>
      log.filter((entry) => entry.clientKey?.endsWith(requestId) && entry.sequence === Number(sequence)).length !== 1,
  );
  console.error(`» ${kills} kills of chat while ${SENDERS} sent: ${acknowledged.size} acknowledged, ${lost.length} lost or doubled`);
  assert.ok(kills > 0);
  assert.equal(lost, []);
  assert.is(log.length, SENDERS * EACH);
  assert.equal(await faultsOf(roomId), []);
  running.kill();
});

test.after(async () => {
  killServices();
  await closeBed(one.stop, other.stop);
});
test.run();
