// Random filters, sorts and updates are answered alike: with an index and without one, and by the embedded server and the one that
// MONGODB_URL names. What the embedded server refuses is no difference; everything else is.

import { Double, Long } from 'bson';
import type { Collection, Document } from 'mongodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exactly, type ServerUnderTest, serversUnderTest } from './servers.js';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const ROUNDS = 8;
const DOCUMENTS = 30;
const TRIES = 40;
/** "Not supported by the embedded server". */
const REFUSED = 238;
const test = suite('alike');
const servers = await serversUnderTest();

let state = SEED;
function random(below: number): number {
  state = (state * 1103515245 + 12345) % 2147483648;
  return Math.floor((state / 2147483648) * below);
}
const pick = <T>(choices: readonly T[]): T => choices[random(choices.length)]!;
const make = (choices: readonly (() => unknown)[]): unknown => pick(choices)();

const scalar = () =>
  make([
    () => random(4),
    () => new Double(random(8) / 2),
    () => Long.fromNumber(random(4)),
    () => null,
    () => pick(['a', 'b', 'ab', '']),
    () => random(2) === 0,
    () => new Date(random(3)),
  ]);
function value(depth = 0): unknown {
  if (depth > 2 || random(3) > 0) return scalar();
  return random(2) ? Array.from({ length: random(4) }, () => value(depth + 1)) : fields(depth + 1);
}
const fields = (depth = 0): Document =>
  Object.fromEntries(['a', 'b', 'c'].filter(() => random(2) === 1).map((name) => [name, value(depth)]));
const path = () => pick(['a', 'b', 'c', 'a.b', 'a.a', 'b.c', 'a.b.c', 'c.a']);
const anyPath = () => (random(5) ? path() : pick(['a.0', 'b.1', 'a.0.b']));
const condition = () =>
  make([
    value,
    () => ({ $gt: scalar() }),
    () => ({ $lte: scalar() }),
    () => ({ $gte: scalar(), $lt: scalar() }),
    () => ({ $in: [value(), value()] }),
    () => ({ $nin: [value(), scalar()] }),
    () => ({ $ne: value() }),
    () => ({ $exists: random(2) === 0 }),
    () => ({ $size: random(3) }),
    () => ({ $all: [scalar(), scalar()].slice(random(2)) }),
    () => ({ $elemMatch: random(2) ? { $gt: scalar(), $lt: scalar() } : { a: scalar(), b: { $exists: true } } }),
    () => ({ $not: { $gt: scalar() } }),
    () => ({ $regex: pick(['a', '^a', 'b$']) }),
  ]);
function filter(depth = 0): Document {
  if (random(5) === 0 && depth < 2) return { [pick(['$or', '$and', '$nor'])]: [filter(depth + 1), filter(depth + 1)] };
  return Object.fromEntries(Array.from({ length: 1 + random(2) }, () => [anyPath(), condition()]));
}
const update = () =>
  make([
    () => ({ $set: { [anyPath()]: value() } }),
    () => ({ $unset: { [anyPath()]: 1 } }),
    () => ({ $inc: { [anyPath()]: pick([1, new Double(1.5), Long.fromNumber(2)]) } }),
    () => ({ $push: { [anyPath()]: random(2) ? value() : { $each: [value(), value()] } } }),
    () => ({ $addToSet: { [anyPath()]: value() } }),
    () => ({ $pull: { [anyPath()]: pick([scalar(), { $gt: scalar() }, { a: scalar() }]) } }),
    () => ({ $max: { [anyPath()]: scalar() } }),
    () => ({ $set: { [path()]: value(), [path()]: value() }, $inc: { [path()]: 1 } }),
    () => ({ $set: { [pick(['b.$[]', 'a.$[].b'])]: value() } }),
  ]) as Document;
const sortOf = (): Document => ({ [path()]: pick([1, -1]), _id: pick([1, -1]) });

/** What is answered: as text, or the code of the error. */
const answerOf = (ask: Promise<unknown>): Promise<string> =>
  ask.then(exactly, (error: { code?: unknown }) => `error ${Number(error.code)}`);

async function differing(left: Collection, right: Collection): Promise<{ tried: number; refused: number }> {
  const counts = { tried: 0, refused: 0 };
  const same = async (what: string, ask: (collection: Collection) => Promise<unknown>): Promise<void> => {
    const [one, other] = await Promise.all([answerOf(ask(left)), answerOf(ask(right))]);
    counts.tried++;
    if (one === `error ${REFUSED}`) counts.refused++;
    else assert.is(one, other, `${what} (SEED=${SEED})`);
  };
  for (let nth = 0; nth < TRIES; nth++) {
    const [asked, sort, limit] = [filter(), sortOf(), pick([0, 5])];
    await same(`${exactly(asked)} by ${exactly(sort)}`, (collection) =>
      collection
        .find(asked)
        .sort(sort as never)
        .limit(limit)
        .toArray(),
    );
  }
  for (let nth = 0; nth < TRIES; nth++) {
    const _id = random(DOCUMENTS);
    const [asked, change] = [random(3) ? { _id } : { ...filter(), _id }, update()] as [Document, Document];
    await same(`${exactly(asked)}: ${exactly(change)}`, async (collection) => {
      const { matchedCount, modifiedCount } = await collection.updateOne(asked, change);
      return [matchedCount, modifiedCount];
    });
    // What one of them refused is the same again on both.
    const kept = await left.findOne({ _id } as Document, { projection: { _id: 0 } });
    await right.replaceOne({ _id } as Document, kept!).catch(() => {});
    await same('the document', (collection) => collection.findOne({ _id } as Document));
  }
  return counts;
}

async function rounds(one: ServerUnderTest, other: ServerUnderTest): Promise<void> {
  const total = { tried: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const documents = Array.from({ length: DOCUMENTS }, (_, _id) => ({ _id, ...fields() }));
    const [left, right] = [await one.collection(documents), await other.collection(documents)];
    // An array in two fields of an index is refused: then there is none.
    await right.createIndex({ [path()]: pick([1, -1]) }, { sparse: round % 2 === 0 });
    await right.createIndex({ [path()]: 1, _id: -1 });
    const { tried, refused } = await differing(left, right);
    total.tried += tried;
    total.refused += refused;
  }
  console.log(
    `» ${one.name} and ${other.name}: ${total.tried} random questions, ${total.refused} refused, 0 answered differently (SEED=${SEED})`,
  );
}

const [embedded, named] = servers as [ServerUnderTest, ServerUnderTest?];
test('an index changes no answer', () => rounds(embedded, embedded));
if (named) test('both servers answer alike', () => rounds(embedded, named));

test.after(async () => {
  for (const server of servers) await server.stop();
});

test.run();
