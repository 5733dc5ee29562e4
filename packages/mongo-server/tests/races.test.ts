// Races: of many that want the same one gets it; on each server there is.

import type { Document } from 'mongodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countingCases, freshCollection, serversUnderTest } from './servers.js';

const RACERS = 50;
const test = suite('races');
const servers = await serversUnderTest();
const { counted, finish } = countingCases(servers);

/** How many of them went through; the others have to be duplicates. */
async function winners(attempts: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(attempts);
  for (const outcome of outcomes) if (outcome.status === 'rejected') assert.is(Number(outcome.reason.code), 11000);
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

for (const server of servers) {
  const says = (sentence: string, check: () => Promise<void>) => test(`${server.name}: ${sentence}`, counted(server, check));
  const fresh = (documents: readonly Document[] = []) => freshCollection(server, documents);

  says(`of ${RACERS} inserts of one key one goes through`, async () => {
    const collection = await fresh();
    await collection.createIndex({ room: 1, sequence: 1 }, { unique: true });
    for (let sequence = 1; sequence <= 5; sequence++) {
      assert.is(await winners(Array.from({ length: RACERS }, () => collection.insertOne({ room: 'r', sequence }))), 1);
    }
    assert.is(await collection.countDocuments({}), 5);
  });

  says(`of ${RACERS} inserts of one item of an array one goes through`, async () => {
    const collection = await fresh();
    await collection.createIndex({ tags: 1 }, { unique: true });
    assert.is(await winners(Array.from({ length: RACERS }, (_, nth) => collection.insertOne({ tags: ['same', `own ${nth}`] }))), 1);
  });

  says(`${RACERS} upserts of one _id make one document`, async () => {
    const collection = await fresh();
    await collection.createIndex({ k: 1 }, { unique: true });
    const upsert = () => collection.updateOne({ k: 'x' }, { $inc: { n: 1 } }, { upsert: true });
    await Promise.all(Array.from({ length: RACERS }, () => upsert().catch(upsert)));
    assert.equal(await collection.find({}, { projection: { _id: 0 } }).toArray(), [{ k: 'x', n: RACERS }]);
  });

  says(`of ${RACERS} changes of one version one goes through`, async () => {
    const collection = await fresh([{ _id: 1, version: 0 }]);
    for (let version = 0; version < 10; version++) {
      const tries = Array.from({ length: RACERS }, (_, by) =>
        collection.findOneAndUpdate({ _id: 1, version } as Document, { $inc: { version: 1 }, $set: { by } }, { returnDocument: 'after' }),
      );
      const changed = (await Promise.all(tries)).filter((one) => one !== null);
      assert.is(changed.length, 1);
      assert.is((await collection.findOne())!.by, changed[0]!.by);
    }
  });

  says(`${RACERS} increments are all counted`, async () => {
    const collection = await fresh([{ _id: 1, n: 0 }]);
    await Promise.all(Array.from({ length: RACERS }, () => collection.updateOne({ _id: 1 } as Document, { $inc: { n: 1 } })));
    assert.is((await collection.findOne())!.n, RACERS);
  });
}

test.after(() => finish('races'));

test.run();
