// VerifyRoom finds whatever is done to a room's log behind the service's back: each kind of tampering, on each single document.
import { randomBytes, randomUUID } from 'node:crypto';
import { Fault_Kind } from '@moa/contracts/chat/v1/archive';
import { verifyConsistency, verifyInclusion } from '@moa/verify';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seal } from '../src/domain/chain.js';
import { gramsOf } from '../src/domain/grams.js';
import { checkRecords, openAccessLog } from '../src/store/access-log.js';
import type { EntryDocument } from '../src/store/models.js';
import { checkpointRoom } from '../src/work/checkpoint-room.js';
import { openSigning } from '../src/work/signing.js';
import { cause, compliance, gather } from './archive-support.js';
import { bed, closeBed, config, fill, models, newMember, newRoom, openChat, refusal, say, staff } from './support.js';

const clients = await openChat();
const { archive, chat, moderation } = clients;
const token = await compliance();
const signing = openSigning(config());

/** Of the first checkpoint. */
const FIRST_SIZE = 4;

const verify = async (roomId: string) => {
  const parts = await gather(archive.verifyRoom({ cause, roomId }, token));
  const faults = parts.flatMap((part) => part.faults);
  return { faults, last: parts.at(-1)! };
};

/** A room with all kinds of entries, a checkpoint in the middle and one at the end. */
async function talkedIn() {
  const roomId = await newRoom();
  const author = await newMember(roomId);
  await fill(clients, roomId, 3);
  const sequence = await say(clients, author, roomId, '처음 한 말');
  await checkpointRoom(models, signing.signer, roomId, bed.now());
  await chat.editMessage({ requestId: crypto.randomUUID(), roomId, sequence, text: '고친 말', imageUrls: [] }, author.token);
  await moderation.hideMessage({ roomId, sequence }, await staff());
  await chat.deleteMessage({ roomId, sequence }, author.token);
  await fill(clients, roomId, 1);
  await checkpointRoom(models, signing.signer, roomId, bed.now());
  return { roomId, log: await logOf(roomId) };
}

const logOf = (roomId: string): Promise<EntryDocument[]> => models.entries.find({ roomId }).sort({ sequence: 1 }).lean();

// The driver's own collection: nothing of ours is in the way.
const raw = models.entries.collection;

/** Puts the log back as it was. */
async function restore(roomId: string, log: readonly EntryDocument[]) {
  await raw.deleteMany({ roomId });
  await raw.insertMany(log as never[]);
}

const CHANGES: Record<string, (entry: EntryDocument) => object> = {
  text: ({ content }) => ({ 'content.text': `${content!.text}!` }),
  image: () => ({ 'content.imageUrls': ['https://example.com/a.png'] }),
  nonce: () => ({ nonce: randomBytes(32).toString('hex') }),
  author: () => ({ authorId: crypto.randomUUID() }),
  mark: () => ({ mark: 'SELLER' }),
  kind: ({ kind }) => ({ kind: kind === 'HIDE' ? 'UNHIDE' : 'HIDE' }),
  target: ({ target }) => ({ target: target + 1 }),
  time: ({ time }) => ({ time: new Date(time.getTime() + 1) }),
  project: () => ({ projectId: crypto.randomUUID() }),
  grams: ({ grams }) => ({ grams: [...(grams ?? []), 'zz'] }),
  commitment: () => ({ commitment: randomBytes(32).toString('hex') }),
  previous: () => ({ previous: randomBytes(32).toString('hex') }),
  hash: () => ({ hash: randomBytes(32).toString('hex') }),
};

test('an untouched room is intact', async () => {
  const { roomId, log } = await talkedIn();
  const { faults, last } = await verify(roomId);
  assert.equal(faults, []);
  assert.equal([last.entryCount, last.checkpointCount, last.done, last.intact], [BigInt(log.length), 2n, true, true]);
});

test('each edit, erasure, removal, swap, cut and fork is found, at its place', async () => {
  const { roomId, log } = await talkedIn();
  const { projectId } = log[0]!;
  const tally: Record<string, [found: number, tried: number]> = {};
  const tryOut = async (what: string, sequence: number, tamper: () => Promise<unknown>) => {
    await tamper();
    const { faults, last } = await verify(roomId);
    await restore(roomId, log);
    const count = tally[what] ?? [0, 0];
    tally[what] = count;
    count[1] += 1;
    if (!last.intact && faults.some((fault) => fault.sequence === BigInt(sequence))) count[0] += 1;
  };
  for (const [index, entry] of log.entries()) {
    const { _id, sequence } = entry;
    for (const [what, change] of Object.entries(CHANGES))
      await tryOut(`edit of ${what}`, sequence, () => raw.updateOne({ _id } as never, { $set: change(entry) }));
    await tryOut('erasure', sequence, () => raw.updateOne({ _id } as never, { $unset: { content: 1, nonce: 1, grams: 1 } }));
    const early = { $unset: { content: 1, nonce: 1, grams: 1 }, $set: { purgeTime: bed.now() } };
    await tryOut('purge before its time', sequence, () => raw.updateOne({ _id } as never, early));
    const isLast = index === log.length - 1;
    await tryOut('removal', isLast ? sequence : sequence + 1, () => raw.deleteOne({ _id } as never));
    await tryOut('cut of the tail', sequence, () => raw.deleteMany({ roomId, sequence: { $gte: sequence } }));
    if (!isLast)
      await tryOut('swap', sequence, async () => {
        const next = log[index + 1]!;
        await raw.deleteMany({ _id: { $in: [_id, next._id] } } as never);
        const place = ({ _id: id, sequence: at }: EntryDocument) => ({ _id: id, sequence: at });
        await raw.insertMany(
          [
            { ...next, ...place(entry) },
            { ...entry, ...place(next) },
          ].map((each) => withoutKey(each)) as never[],
        );
      });
    // Everything from here on is written anew, and each entry is right by itself.
    const size = log.filter((each) => each.sequence >= sequence).length;
    const checkpointed = sequence <= FIRST_SIZE ? FIRST_SIZE : log.length;
    await tryOut('fork', checkpointed, () => fork(roomId, projectId, log.slice(0, index), size));
  }
  for (const [what, [found, tried]] of Object.entries(tally)) console.log(`\n» ${what}: ${found}/${tried} found`);
  const sum = Object.values(tally).reduce(([a, b], [found, tried]) => [a + found, b + tried] as [number, number], [0, 0] as [
    number,
    number,
  ]);
  console.log(`\n» tampering: ${sum[0]} of ${sum[1]} found`);
  assert.is(sum[0], sum[1]);
});

const withoutKey = ({ clientKey: _, ...entry }: EntryDocument) => entry;

async function fork(roomId: string, projectId: string, kept: readonly EntryDocument[], count: number) {
  let last = kept.at(-1) as { sequence: number; hash: string; time: Date } | undefined;
  await raw.deleteMany({ roomId, sequence: { $gt: last?.sequence ?? 0 } });
  for (let made = 0; made < count; made++) {
    const content = { text: `지어낸 말 ${made}`, imageUrls: [], replyTo: 0, mentions: [] };
    const draft = { kind: 'MESSAGE', authorId: crypto.randomUUID(), mark: 'NONE', target: 0, content } as const;
    const place = { roomId, projectId, sequence: (last?.sequence ?? 0) + 1, time: bed.now(), previous: last?.hash ?? '0'.repeat(64) };
    const { purgeTime: _, ...entry } = seal(draft, place, randomBytes(32));
    await raw.insertOne({ _id: `${roomId}/${entry.sequence}`, ...entry, grams: gramsOf(content.text) } as never);
    last = entry;
  }
}

test('checkpoints that were changed, removed or signed by somebody else are found', async () => {
  const { roomId } = await talkedIn();
  const all = await models.checkpoints.find({ roomId }).sort({ number: 1 }).lean();
  const stored = models.checkpoints.collection;
  const other = openSigning({ ...config(), ARCHIVE_KEY: { reveal: () => randomBytes(32).toString('base64') } as never });
  const tampers = [
    () => stored.deleteOne({ _id: all[0]!._id } as never),
    () => stored.updateOne({ _id: all[1]!._id } as never, { $set: { size: FIRST_SIZE + 1 } }),
    () => stored.updateOne({ _id: all[0]!._id } as never, { $set: { root: '0'.repeat(64) } }),
    () => stored.updateOne({ _id: all[1]!._id } as never, { $set: { keyId: other.signer.keyId } }),
    () => stored.updateOne({ _id: all[1]!._id } as never, { $set: { signature: other.signer.sign('x').toString('hex') } }),
  ];
  for (const tamper of tampers) {
    await tamper();
    const { faults, last } = await verify(roomId);
    assert.ok(!last.intact && faults.some(({ kind }) => kind === Fault_Kind.KIND_CHECKPOINT_BROKEN));
    await stored.deleteMany({ roomId });
    await stored.insertMany(all as never[]);
  }
});

test('nobody signs a log that does not go on from the checkpoint before', async () => {
  const { roomId, log } = await talkedIn();
  await fork(roomId, log[0]!.projectId, log.slice(0, 3), 20);
  const error = await checkpointRoom(models, signing.signer, roomId, bed.now()).catch((caught: unknown) => caught);
  assert.match(String(error), /LOG_BROKEN/);
});

test('proofs hold for each entry, and from the earlier checkpoint; a checkpoint is made for what none covers', async () => {
  const { roomId, log } = await talkedIn();
  await fill(clients, roomId, 1);
  for (let sequence = 1; sequence <= log.length + 1; sequence++) {
    const { entry, checkpoint, inclusion, earlier, consistency } = await archive.getProof(
      { cause, roomId, sequence: BigInt(sequence), earlierSize: BigInt(FIRST_SIZE) },
      token,
    );
    const size = Number(checkpoint!.size);
    assert.ok(verifyInclusion(entry!.hash, sequence - 1, size, inclusion, checkpoint!.root));
    assert.ok(verifyConsistency(FIRST_SIZE, earlier!.root, size, checkpoint!.root, consistency));
  }
  const asked = { cause, roomId, sequence: 99n, earlierSize: 0n };
  assert.is(await refusal(archive.getProof(asked, token)), 'ENTRY_NOT_FOUND');
  assert.is(await refusal(archive.getProof({ ...asked, sequence: 1n, earlierSize: 2n }, token)), 'CHECKPOINT_NOT_FOUND');
  const first = await archive.listCheckpoints({ cause, roomId, pageSize: 2, pageToken: '' }, token);
  const second = await archive.listCheckpoints({ cause, roomId, pageSize: 2, pageToken: first.nextPageToken }, token);
  assert.equal(
    [...first.checkpoints, ...second.checkpoints].map(({ size }) => Number(size)),
    [log.length + 1, log.length, FIRST_SIZE],
  );
});

test('two copies that write records at once write one chain', async () => {
  const before = await checkRecords(models);
  const copies = [openAccessLog(models), openAccessLog(models)];
  const draft = { time: new Date(), accountId: randomUUID(), action: 'SearchMessages', ...cause, detail: '{}' };
  await Promise.all(Array.from({ length: 300 }, (_, n) => copies[n % 2]!.append(draft)));
  const { count, broken } = await checkRecords(models);
  assert.equal([count - before.count, broken], [300, undefined]);
});

test.after(() => closeBed(clients.stop));
test.run();
