// Pages, bulks and what else goes over many documents; on each server there is.

import { type Document, MongoBulkWriteError } from 'mongodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countingCases, freshCollection, refusalOf, serversUnderTest } from './servers.js';

const test = suite('pages and bulks');
const servers = await serversUnderTest();
const { counted, finish } = countingCases(servers);

for (const server of servers) {
  const says = (sentence: string, check: () => Promise<void>) => test(`${server.name}: ${sentence}`, counted(server, check));
  const fresh = (documents: readonly Document[] = []) => freshCollection(server, documents);

  for (const [name, direction] of [
    ['up', 1],
    ['down', -1],
  ] as const) {
    for (const kind of ['$or', '$lt'] as const) {
      says(`pages of a compound key going ${name} (${kind}) leave out none and give none twice`, async () => {
        const total = 230;
        const documents = Array.from({ length: total }, (_, nth) => ({
          _id: nth,
          room: nth % 2 ? 'a' : 'b',
          time: new Date(Math.floor(nth / 7)),
          k: nth,
        }));
        const collection = await fresh(documents);
        await collection.createIndex({ room: 1, time: -1, k: -1 });
        const beyond = direction === 1 ? '$gt' : '$lt';
        const seen: number[] = [];
        let filter: Document = { room: 'a' };
        for (;;) {
          const page = await collection.find(filter).sort({ time: direction, k: direction }).limit(10).toArray();
          seen.push(...page.map(({ k }) => k as number));
          const last = page.at(-1);
          if (!last) break;
          const inside = { time: last.time, k: { [beyond]: last.k } };
          filter =
            kind === '$or'
              ? { room: 'a', $or: [{ time: { [beyond]: last.time } }, inside] }
              : {
                  room: 'a',
                  time: { [`${beyond}e`]: last.time },
                  $nor: [{ time: last.time, k: { [direction === 1 ? '$lte' : '$gte']: last.k } }],
                };
        }
        const wanted = documents.filter(({ room }) => room === 'a').map(({ k }) => k);
        assert.equal(seen, direction === 1 ? wanted : wanted.reverse());
      });
    }
  }

  says('a page of an array field by $all, $in and $elemMatch is the same as without an index', async () => {
    const seed = 7;
    let state = seed;
    const random = (below: number) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return Math.floor((state / 2147483648) * below);
    };
    const grams = 'abcdefgh'.split('');
    const documents = Array.from({ length: 400 }, (_, nth) => ({
      _id: nth,
      room: `r${random(3)}`,
      time: random(100),
      grams: grams.filter(() => random(3) === 0),
    }));
    const collection = await fresh(documents);
    const filters: Document[] = [
      { grams: { $all: ['a', 'b'] } },
      { grams: { $all: ['a', 'b', 'c'] }, time: { $lt: 50 } },
      { grams: { $in: ['a', 'h'] }, room: 'r1' },
      { grams: { $elemMatch: { $gte: 'c', $lt: 'e' } } },
      { grams: { $gt: 'b', $lt: 'd' } },
      { grams: 'a', time: { $gte: 10, $lte: 60 } },
      { grams: { $size: 2 } },
      { grams: [] },
      { grams: { $nin: ['a'] } },
      { grams: { $all: ['a'] }, room: { $in: ['r0', 'r2'] } },
    ];
    const read = () =>
      Promise.all(
        filters.flatMap((filter) =>
          ([1, -1] as const).map(async (way) =>
            (await collection.find(filter).sort({ time: way, _id: way }).limit(60).toArray()).map(({ _id }) => _id),
          ),
        ),
      );
    const before = await read();
    for (const index of [
      { grams: 1, time: -1 },
      { grams: 1, time: -1, _id: -1 },
      { room: 1, time: 1, _id: 1 },
      { time: -1, _id: -1 },
    ] as const) {
      await collection.createIndex(index);
      assert.equal(await read(), before, `with ${JSON.stringify(index)}, seed ${seed}`);
    }
  });

  says('an ordered bulk ends at its first failure, an unordered one goes on', async () => {
    const collection = await fresh([{ _id: 2 }]);
    const documents = [{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 2 }] as Document[];
    const failed = (await refusalOf(collection.insertMany(documents))) as MongoBulkWriteError;
    assert.instance(failed, MongoBulkWriteError);
    assert.equal([failed.insertedCount, [failed.writeErrors].flat().map(({ index, code }) => [index, code])], [1, [[1, 11000]]]);
    await collection.deleteOne({ _id: 1 } as Document);
    const unordered = (await refusalOf(collection.insertMany(documents, { ordered: false }))) as MongoBulkWriteError;
    assert.equal(
      [unordered.insertedCount, [unordered.writeErrors].flat().map(({ index, code }) => [index, code])],
      [
        2,
        [
          [1, 11000],
          [3, 11000],
        ],
      ],
    );
  });

  says('a bulk of all kinds counts what each did', async () => {
    const collection = await fresh([
      { _id: 1, n: 1 },
      { _id: 2, n: 1 },
    ]);
    const result = await collection.bulkWrite([
      { insertOne: { document: { _id: 3, n: 1 } as Document } },
      { updateMany: { filter: { n: 1 }, update: { $inc: { n: 1 } } } },
      { updateOne: { filter: { _id: 9 } as Document, update: { $set: { n: 9 } }, upsert: true } },
      { replaceOne: { filter: { _id: 1 } as Document, replacement: { n: 2 } } },
      { deleteOne: { filter: { _id: 2 } as Document } },
      { deleteMany: { filter: { n: { $gt: 5 } } } },
    ]);
    const { insertedCount, matchedCount, modifiedCount, upsertedCount, upsertedIds, deletedCount } = result;
    assert.equal(
      { insertedCount, matchedCount, modifiedCount, upsertedCount, upsertedIds, deletedCount },
      {
        insertedCount: 1,
        matchedCount: 4,
        modifiedCount: 3,
        upsertedCount: 1,
        upsertedIds: { 2: 9 },
        deletedCount: 2,
      },
    );
    assert.equal(await collection.find().sort({ _id: 1 }).toArray(), [
      { _id: 1, n: 2 },
      { _id: 3, n: 2 },
    ]);
  });

  says('findOneAndDelete, findOneAndReplace and their sort', async () => {
    const collection = await fresh([
      { _id: 1, n: 3 },
      { _id: 2, n: 1 },
      { _id: 3, n: 2 },
    ]);
    assert.equal(await collection.findOneAndDelete({}, { sort: { n: 1 } }), { _id: 2, n: 1 });
    assert.equal(await collection.findOneAndReplace({}, { x: 1 }, { sort: { n: -1 } }), { _id: 1, n: 3 });
    assert.equal(await collection.findOneAndUpdate({ _id: 3 } as Document, { $set: { y: 1 } }, { projection: { n: 1 } }), { _id: 3, n: 2 });
    assert.is(await collection.findOneAndUpdate({ n: 77 }, { $set: { y: 1 } }), null);
    assert.is(await collection.findOneAndUpdate({ _id: 8 } as Document, { $set: { y: 1 } }, { upsert: true }), null);
    assert.equal(await collection.find().sort({ _id: 1 }).toArray(), [
      { _id: 1, x: 1 },
      { _id: 3, n: 2, y: 1 },
      { _id: 8, y: 1 },
    ]);
  });

  says('distinct gives the items of arrays, each once', async () => {
    const collection = await fresh([{ a: ['x', 'y'] }, { a: 'x' }, { a: null }, {}, { a: 1, b: 1 }]);
    assert.equal((await collection.distinct('a')).map(String).sort(), ['1', 'null', 'x', 'y']);
    assert.equal(await collection.distinct('a', { b: 1 }), [1]);
    assert.is(await collection.estimatedDocumentCount(), 5);
  });

  says('updateMany changes each document once, also along the index that it changes', async () => {
    const collection = await fresh(Array.from({ length: 300 }, (_, n) => ({ n })));
    await collection.createIndex({ n: 1 });
    const { matchedCount, modifiedCount } = await collection.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1000 } });
    assert.equal([matchedCount, modifiedCount], [300, 300]);
    assert.is(await collection.countDocuments({ n: { $gte: 1000, $lt: 1300 } }), 300);
  });
}

test.after(() => finish('cases of pages and bulks'));

test.run();
