// Purges and holds, by a clock of the test's own: nothing that is held is lost, nothing goes early, nothing stays too long.
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { originAt } from '@moa/kit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seal } from '../src/domain/chain.js';
import { gramsOf } from '../src/domain/grams.js';
import { isHeldBy, type Reach } from '../src/domain/hold.js';
import { dueTime, FLOOR_DAYS, type Policy } from '../src/domain/retention.js';
import { createHold, releaseHold } from '../src/store/holds.js';
import type { EntryDocument, Models } from '../src/store/models.js';
import { changePolicy, readPolicy } from '../src/store/policy.js';
import { findRoom } from '../src/store/rooms.js';
import { checkpointRoom } from '../src/work/checkpoint-room.js';
import { purgeWhenDue, runPurge } from '../src/work/purge.js';
import { openSigning } from '../src/work/signing.js';
import { verifyRoom } from '../src/work/verify-room.js';
import { gather } from './archive-support.js';
import { closeBed, config, models, newRoom } from './support.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const signing = openSigning(config());

// Each look at it is a millisecond later: so everything has its order.
let nowMs = Date.parse('2030-01-01T00:00:00Z');
const now = () => new Date(nowMs++);

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
let state = seed;
/** From 0 to below `below`: xorshift. */
function pick(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

interface Talk {
  readonly roomId: string;
  readonly projectId: string;
  last: { readonly sequence: number; readonly hash: string } | undefined;
}

async function newTalk(): Promise<Talk> {
  const roomId = await newRoom();
  return { roomId, projectId: (await findRoom(models, roomId)).projectId, last: undefined };
}

async function sayIn(talk: Talk, authorId: string): Promise<EntryDocument> {
  const { roomId, projectId, last } = talk;
  const content = { text: `${nowMs}에 한 말`, imageUrls: [], replyTo: 0, mentions: [] };
  const place = { roomId, projectId, sequence: (last?.sequence ?? 0) + 1, time: now(), previous: last?.hash ?? '0'.repeat(64) };
  const { purgeTime: _, ...entry } = seal({ kind: 'MESSAGE', authorId, mark: 'NONE', target: 0, content }, place, randomBytes(32));
  talk.last = entry;
  return (await models.entries.create({ _id: `${roomId}/${entry.sequence}`, ...entry, grams: gramsOf(content.text) })).toObject();
}

const hold = (reach: Reach, id: string = randomUUID()) =>
  createHold(models, { id, caseId: 'C-1', purpose: '분쟁', creatorId: randomUUID(), reach }, originAt(now()), now);

const kept = (reach: Reach): Promise<EntryDocument[]> =>
  models.entries
    .find({ purgeTime: null })
    .lean()
    .then((entries) => entries.filter((entry) => isHeldBy(reach, entry)));

test('a hold that comes when a purge has looked already, and has not yet erased, wins', async () => {
  const talk = await newTalk();
  const entry = await sayIn(talk, randomUUID());
  nowMs += 1_096 * DAY_MS;
  let holdId = '';
  // The purge's last step waits until the hold is answered.
  const entries = new Proxy(models.entries, {
    get(target, name) {
      if (name !== 'updateMany') return Reflect.get(target, name);
      return async (filter: object, update: { $set?: object }) => {
        if (update.$set && 'purgeTime' in update.$set) holdId = (await hold({ roomId: talk.roomId }))._id;
        return target.updateMany(filter, update);
      };
    },
  });
  const report = await runPurge({ ...models, entries } as Models, now);
  assert.ok(holdId);
  assert.is(report.purgedCount, 0);
  assert.ok((await models.entries.findById(entry._id).lean())!.content);
  const again = await runPurge(models, now);
  assert.equal([again.purgedCount, again.heldCount, again.holdIds], [0, 1, [holdId]]);
  await releaseHold(models, holdId, originAt(now()));
  assert.is((await runPurge(models, now)).purgedCount, 1);
  const { content, nonce, grams, hash } = (await models.entries.findById(entry._id).lean())!;
  assert.equal([content, nonce, grams, hash], [undefined, undefined, undefined, entry.hash]);
});

test('a purge comes six hours after the last that came to its end, by the clock', async () => {
  const count = () => models.retentionReports.countDocuments({});
  const reportsAfter = async (ms: number, signal = new AbortController().signal) => {
    nowMs += ms;
    const before = await count();
    await purgeWhenDue(models, now, { at: now(), signal });
    return (await count()) - before;
  };
  await runPurge(models, now);
  assert.equal([await reportsAfter(6 * HOUR_MS - 1_000), await reportsAfter(2_000), await reportsAfter(0)], [0, 1, 0]);
  assert.equal([await reportsAfter(6 * HOUR_MS, AbortSignal.abort()), await reportsAfter(0), await reportsAfter(0)], [1, 1, 0]);
});

test('the floor holds whatever stands in the store', async () => {
  const talk = await newTalk();
  const entry = await sayIn(talk, randomUUID());
  await models.policies.collection.insertOne({ _id: 'policy', version: 1, days: 1, projects: [] } as never);
  nowMs = entry.time.getTime() + FLOOR_DAYS * DAY_MS - 1_000;
  await runPurge(models, now);
  assert.ok((await models.entries.findById(entry._id).lean())!.content);
  nowMs += 2_000;
  await runPurge(models, now);
  assert.ok(!(await models.entries.findById(entry._id).lean())!.content);
  await models.policies.deleteMany({});
});

test('three years with holds coming and going, two purges at once: all that is held stays, and nothing else', async () => {
  console.log(`seed ${seed}`);
  const talks = await Promise.all(Array.from({ length: 5 }, newTalk));
  const authors = Array.from({ length: 6 }, () => randomUUID());
  const policy: Policy = await changePolicy(models, {
    version: (await readPolicy(models)).version,
    days: 184,
    projects: [
      { projectId: talks[0]!.projectId, days: 400 },
      { projectId: talks[1]!.projectId, days: 900 },
    ],
  });
  const active = new Map<string, Reach>();
  const sums = { said: 0, holds: 0, purged: 0, checked: 0 };
  for (let step = 0; step < 39; step++) {
    nowMs += 28 * DAY_MS;
    for (let count = 0; count < 8; count++) await sayIn(talks[pick(talks.length)]!, authors[pick(authors.length)]!);
    sums.said += 8;
    // Kept from when the hold was answered.
    const promised = new Map<string, EntryDocument[]>();
    const create = async () => {
      const reach = anyReach(talks, authors);
      const { _id } = await hold(reach);
      active.set(_id, reach);
      promised.set(_id, await kept(reach));
      sums.holds += 1;
    };
    const release = async () => {
      const [id] = [...active.keys()][pick(active.size)] ? [[...active.keys()][pick(active.size)]!] : [];
      if (!id || promised.has(id)) return;
      active.delete(id);
      await releaseHold(models, id, originAt(now()));
    };
    const changes = [create, ...(pick(2) ? [create] : []), ...(active.size > 3 ? [release, release] : [])];
    const reports = await Promise.all([runPurge(models, now), runPurge(models, now), ...changes.map((change) => change())]);
    for (const report of reports) sums.purged += report?.purgedCount ?? 0;
    const left = new Set((await models.entries.find({ purgeTime: null }, { _id: 1 }).lean()).map(({ _id }) => _id));
    for (const entries of promised.values())
      for (const { _id } of entries) {
        assert.ok(left.has(_id), `${_id} was held, and is lost (seed ${seed})`);
        sums.checked += 1;
      }
    sums.purged += (await runPurge(models, now)).purgedCount;
    await expectExact(talks, policy, active);
  }
  for (const { roomId } of talks) {
    await checkpointRoom(models, signing.signer, roomId, now());
    const parts = await gather(verifyRoom(models, signing, await findRoom(models, roomId)));
    assert.equal(
      parts.flatMap(({ faults }) => faults),
      [],
    );
  }
  console.log(
    `\n» seed ${seed}: said ${sums.said}, holds ${sums.holds}, purged ${sums.purged}, promises kept ${sums.checked}/${sums.checked}`,
  );
  assert.ok(sums.purged > 100);
});

/** After a purge: what is left is what is not due, or is held; what went was due. */
async function expectExact(talks: readonly Talk[], policy: Policy, active: ReadonlyMap<string, Reach>): Promise<void> {
  for (const { roomId } of talks)
    for (const entry of await models.entries.find({ roomId }).lean()) {
      const due = dueTime(policy, entry);
      if (entry.purgeTime) {
        assert.ok(entry.purgeTime >= due, `${entry._id} went too early (seed ${seed})`);
        continue;
      }
      const isHeld = [...active.values()].some((reach) => isHeldBy(reach, entry));
      assert.ok(isHeld || nowMs - 1_000 <= due.getTime(), `${entry._id} stayed too long (seed ${seed})`);
    }
}

function anyReach(talks: readonly Talk[], authors: readonly string[]): Reach {
  const { roomId, projectId } = talks[pick(talks.length)]!;
  const authorId = authors[pick(authors.length)]!;
  const startTime = new Date(nowMs - pick(700) * DAY_MS);
  const endTime = new Date(startTime.getTime() + (1 + pick(90)) * DAY_MS);
  return [{ roomId }, { projectId, startTime, endTime }, { authorId, startTime, endTime }, { roomId, authorId }, { startTime, endTime }][
    pick(5)
  ]!;
}

test.after(() => closeBed());
test.run();
