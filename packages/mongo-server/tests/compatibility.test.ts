// What Moa relies on, case by case, on the embedded server and on the one that MONGODB_URL names.

import type { Document } from 'mongodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AGGREGATION_CASES } from './cases/aggregations.js';
import { ITEM_CASES } from './cases/items.js';
import { ORDER_CASES, PROJECTION_CASES } from './cases/orders.js';
import { QUERY_CASES } from './cases/queries.js';
import { REFUSAL_CASES } from './cases/refusals.js';
import { UPDATE_CASES } from './cases/updates.js';
import { countingCases, exactly, type ServerUnderTest, serversUnderTest } from './servers.js';

/** The types of the driver want an ObjectId. */
const ONE = { _id: 1 } as Document;
const servers = await serversUnderTest();
const test = suite('compatibility with MongoDB');
const { counted, finish } = countingCases(servers);
const says = (server: ServerUnderTest, sentence: string, check: () => Promise<void>) =>
  test(`${server.name}: ${sentence}`, counted(server, check));

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: { code?: unknown }) => Number(error.code),
  );

/** Indexes with which the same has to be found as without. */
function indexesFor(filter: Document): Record<string, 1 | -1>[] {
  const paths = Object.keys(filter).filter((path) => !/^\$|\.\d/.test(path));
  return paths.flatMap((path) => [{ [path]: 1 } as const, { [path]: -1 } as const, { [path]: 1, _id: -1 } as const]);
}

for (const server of servers) {
  for (const { says: sentence, documents, filter, finds } of QUERY_CASES) {
    says(server, sentence, async () => {
      const collection = await server.collection(documents);
      const found = async () => (await collection.find(filter, { projection: { _id: 1 } }).toArray()).map(({ _id }) => exactly(_id)).sort();
      const wanted = finds.map((id) => exactly(id)).sort();
      assert.equal(await found(), wanted);
      for (const index of indexesFor(filter)) {
        await collection.createIndex(index);
        assert.equal(await found(), wanted, `with the index ${JSON.stringify(index)}`);
        await collection.dropIndexes();
      }
      assert.is(await collection.countDocuments(filter).then(Number), finds.length);
    });
  }

  for (const { says: sentence, documents, filter = {}, sort, skip = 0, limit = 0, index, gives } of ORDER_CASES) {
    says(server, sentence, async () => {
      const collection = await server.collection(documents);
      if (index) await collection.createIndex(index);
      const found = await collection.find(filter).sort(sort).skip(skip).limit(limit).toArray();
      assert.equal(
        found.map(({ _id }) => exactly(_id)),
        gives.map((id) => exactly(id)),
      );
    });
  }

  for (const { says: sentence, document, projection, gives } of PROJECTION_CASES) {
    says(server, `projection: ${sentence}`, async () => {
      const collection = await server.collection([document]);
      assert.is(exactly(await collection.findOne({}, { projection })), exactly(gives));
    });
  }

  for (const { says: sentence, before, filter = { _id: 1 }, update, options = {}, after, fails, modified = 1 } of [
    ...UPDATE_CASES,
    ...ITEM_CASES,
  ]) {
    for (const way of ['updateOne', 'findOneAndUpdate'] as const) {
      says(server, `${sentence} (${way})`, async () => {
        const collection = await server.collection(before ? [{ _id: 1, ...before }] : []);
        const run = async () => {
          if (way === 'findOneAndUpdate') return collection.findOneAndUpdate(filter, update, { ...options, returnDocument: 'after' });
          const { modifiedCount } = await collection.updateOne(filter, update, options);
          assert.is(Number(modifiedCount), modified);
          return collection.findOne(ONE);
        };
        if (fails !== undefined) {
          assert.is(await codeOf(run()), fails);
          assert.is(exactly(await collection.findOne(ONE)), exactly({ _id: 1, ...before }));
          return;
        }
        assert.is(exactly(await run()), exactly({ _id: 1, ...after }));
        assert.is(exactly(await collection.findOne(ONE)), exactly({ _id: 1, ...after }), 'as it is kept');
      });
    }
  }

  for (const { says: sentence, documents, pipeline, gives } of AGGREGATION_CASES) {
    says(server, sentence, async () => {
      const collection = await server.collection(documents);
      assert.is(exactly(await collection.aggregate([...pipeline]).toArray()), exactly(gives));
    });
  }

  if (!server.isEmbedded) continue;
  for (const { says: sentence, command } of REFUSAL_CASES) {
    says(server, `refuses ${sentence}`, async () => {
      const database = server.client.db(server.db.databaseName);
      const collection = database.collection('c');
      await collection.replaceOne(ONE, { a: 1 }, { upsert: true });
      const before = await collection.find().toArray();
      const error = await database.command(command).then(
        (answer) => (answer.writeErrors as { code: number; errmsg: string }[] | undefined)?.[0],
        (thrown: { code: number; errmsg?: string; message: string }) => ({ code: thrown.code, errmsg: thrown.message }),
      );
      assert.ok(error, 'it was not refused');
      assert.ok(Number(error.code) > 0, 'a code');
      assert.not.ok(/the embedded server failed/.test(error.errmsg), error.errmsg);
      assert.equal(await collection.find().toArray(), before, 'nothing was changed');
    });
  }
}

test.after(() => finish('compatibility cases'));

test.run();
