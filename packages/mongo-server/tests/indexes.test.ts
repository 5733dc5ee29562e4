// Indexes: what they refuse, and that they hide nothing; on each server there is.

import type { Document } from 'mongodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countingCases, freshCollection, refusalOf, serversUnderTest } from './servers.js';

const test = suite('indexes');
const servers = await serversUnderTest();
const { counted, finish } = countingCases(servers);

for (const server of servers) {
  const says = (sentence: string, check: () => Promise<void>) => test(`${server.name}: ${sentence}`, counted(server, check));
  const fresh = (documents: readonly Document[] = []) => freshCollection(server, documents);

  says('a duplicate _id is refused with its pattern and value', async () => {
    const collection = await fresh([{ _id: 1 }]);
    const error = await refusalOf(collection.insertOne({ _id: 1 } as Document));
    assert.is(error.code, 11000);
    assert.equal(error.keyPattern ?? error.errorResponse.keyPattern, { _id: 1 });
    assert.equal(error.keyValue ?? error.errorResponse.keyValue, { _id: 1 });
    assert.match(error.message, /E11000 duplicate key error collection: .* index: _id_ dup key/);
  });

  says('a unique compound index names all its fields', async () => {
    const collection = await fresh();
    await collection.createIndex({ room: 1, sequence: -1 }, { unique: true });
    await collection.insertOne({ room: 'r', sequence: 1 });
    const error = await refusalOf(collection.insertOne({ room: 'r', sequence: 1 }));
    assert.equal(error.errorResponse.keyPattern, { room: 1, sequence: -1 });
    assert.equal(error.errorResponse.keyValue, { room: 'r', sequence: 1 });
    await collection.insertMany([
      { room: 'r', sequence: 2 },
      { room: 's', sequence: 1 },
    ]);
  });

  says('a sparse index hides nothing that is missing', async () => {
    const collection = await fresh([{ _id: 1 }, { _id: 2, a: 'x' }]);
    await collection.createIndex({ a: 1 }, { sparse: true });
    assert.equal(await collection.find({ a: null }).toArray(), [{ _id: 1 }]);
    assert.equal(await collection.find({ a: { $all: [null] } }).toArray(), [{ _id: 1 }]);
  });

  says('a unique index takes 1 and 1.0 for the same, and null and missing', async () => {
    const collection = await fresh();
    await collection.createIndex({ n: 1 }, { unique: true });
    await collection.insertMany([{ n: 1 }, { n: 1.5 }, { n: null }]);
    assert.is((await refusalOf(collection.insertOne({ n: BigInt(1) }))).code, 11000);
    assert.is((await refusalOf(collection.insertOne({}))).code, 11000);
    await collection.insertOne({ n: '1' });
  });

  says('a unique sparse index lets many be without it', async () => {
    const collection = await fresh();
    await collection.createIndex({ room: 1, client: 1 }, { unique: true, sparse: true });
    await collection.insertMany([{ a: 1 }, { a: 2 }, { room: 'r', client: 'x' }]);
    assert.is((await refusalOf(collection.insertOne({ room: 'r', client: 'x' }))).code, 11000);
    // One of its fields is enough to be in it.
    await collection.insertOne({ room: 'r' });
    assert.is((await refusalOf(collection.insertOne({ room: 'r' }))).code, 11000);
  });

  says('a sparse index does not hide documents', async () => {
    const collection = await fresh([{ _id: 1, a: 1 }, { _id: 2 }, { _id: 3, a: null }]);
    await collection.createIndex({ a: 1 }, { sparse: true });
    assert.is(await collection.countDocuments({}), 3);
    assert.is(await collection.countDocuments({ a: null }), 2);
    assert.is(await collection.countDocuments({ a: { $ne: 1 } }), 2);
    assert.is((await collection.find().sort({ a: 1 }).toArray()).length, 3);
    assert.is(await collection.countDocuments({ a: { $exists: true } }), 2);
    assert.is(await collection.countDocuments({ a: { $in: [null, 1] } }), 3);
  });

  says('a unique multikey index refuses an item that another document has', async () => {
    const collection = await fresh();
    await collection.createIndex({ tags: 1 }, { unique: true });
    await collection.insertMany([{ tags: ['a', 'b'] }, { tags: ['c', 'c'] }]);
    const error = await refusalOf(collection.insertOne({ tags: ['x', 'b'] }));
    assert.equal([error.code, error.errorResponse.keyValue], [11000, { tags: 'b' }]);
    assert.is(await collection.countDocuments({ tags: 'x' }), 0, 'nothing of the refused one is in the index');
  });

  says('two arrays in one index are refused', async () => {
    const collection = await fresh();
    await collection.createIndex({ a: 1, b: 1 });
    assert.is((await refusalOf(collection.insertOne({ a: [1, 2], b: [1, 2] }))).code, 171);
    assert.is((await refusalOf(collection.insertOne({ a: [1], b: [1] }))).code, 171, 'also of one item');
    await collection.insertMany([
      { a: [1, 2], b: 1 },
      { a: 1, b: [1, 2] },
    ]);
  });

  says('a unique index over what is twice there already is not made', async () => {
    const collection = await fresh([{ a: 1 }, { a: 1 }]);
    assert.is((await refusalOf(collection.createIndex({ a: 1 }, { unique: true }))).code, 11000);
    assert.is((await collection.indexes()).length, 1);
    await collection.insertOne({ a: 1 });
  });

  says('an index is made once, listed as it was made, and dropped', async () => {
    const collection = await fresh([{ a: 1 }]);
    for (let nth = 0; nth < 2; nth++) assert.is(await collection.createIndex({ a: 1, b: -1 }, { unique: true, sparse: true }), 'a_1_b_-1');
    assert.equal(await collection.indexes(), [
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { a: 1, b: -1 }, name: 'a_1_b_-1', unique: true, sparse: true },
    ]);
    assert.ok([85, 86].includes(Number((await refusalOf(collection.createIndex({ a: 1, b: -1 }, { name: 'a_1_b_-1' }))).code)));
    await collection.dropIndex('a_1_b_-1');
    assert.is((await collection.indexes()).length, 1);
    assert.is((await refusalOf(collection.dropIndex('a_1_b_-1'))).code, 27);
  });

  says('an index follows updates, replacements and deletions', async () => {
    const collection = await fresh([
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
    ]);
    await collection.createIndex({ a: 1 }, { unique: true });
    assert.is((await refusalOf(collection.updateOne({ a: 1 }, { $set: { a: 2 } }))).code, 11000);
    await collection.updateOne({ a: 1 }, { $set: { a: 3 } });
    assert.is(await collection.countDocuments({ a: 1 }), 0);
    await collection.replaceOne({ a: 2 }, { a: 1 });
    await collection.deleteOne({ a: 3 });
    await collection.insertOne({ a: 3 });
    assert.equal(
      (await collection.find().sort({ a: 1 }).toArray()).map(({ a }) => a),
      [1, 3],
    );
  });
}

test.after(() => finish('cases of indexes'));

test.run();
