// How much a query reads: a page from the middle of many costs what the first one costs.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Finding, found } from '../src/find.js';
import { type Index, Store } from '../src/store.js';
import type { Doc } from '../src/values.js';

const DOCUMENTS = 6_000;
const ROOMS = 4;
const PAGE = 20;
/** A page, and what is read ahead of it. */
const FEW = 250;
const folder = await mkdtemp(join(tmpdir(), 'moa-mongo-'));
const store = new Store(folder, { durable: false });
const test = suite('reads');

const gramsOf = (nth: number) => ['all', `tens ${nth % 10}`, ...(nth % 7 === 0 ? ['sevens'] : []), ...(nth % 1_000 === 0 ? ['rare'] : [])];
const collection = await store.write(() => {
  const made = store.ensure('t.c');
  const index = (name: string, key: Index['key']) => store.addIndex(made, { name, key, unique: false, sparse: false });
  index('room', { room: 1, time: -1, k: -1 });
  index('grams', { grams: 1, time: -1 });
  for (let nth = 0; nth < DOCUMENTS; nth++) {
    store.put(made, undefined, { _id: nth, room: `r${nth % ROOMS}`, time: new Date(Math.floor(nth / 10)), k: nth, grams: gramsOf(nth) });
  }
  return made;
});

/** The documents, how many entries were read to find them, and how many documents. */
function reading(finding: Finding): { documents: Doc[]; read: number; fetched: number } {
  let [read, fetched] = [0, 0];
  const counting = Object.create(store) as Store;
  counting.scan = (...given) => {
    const entries = store.scan(...given);
    read += entries.length;
    return entries;
  };
  counting.get = (...given) => {
    fetched++;
    return store.get(...given);
  };
  counting.has = (...given) => store.has(...given);
  counting.countUpTo = (...given) => store.countUpTo(...given);
  return { documents: [...found(counting, collection, finding)], read, fetched };
}

for (const direction of [-1, 1] as const) {
  const beyond = direction === -1 ? '$lt' : '$gt';
  for (const part of [0.1, 0.5, 0.9]) {
    const time = new Date((DOCUMENTS / 10) * part);
    const k = time.getTime() * 10;

    test(`a page of a room from ${part} on, ${direction}`, () => {
      const filter = { room: 'r0', $or: [{ time: { [beyond]: time } }, { time, k: { [beyond]: k } }] };
      const { documents, read } = reading({ filter, sort: { time: direction, k: direction }, limit: PAGE });
      assert.is(documents.length, PAGE);
      assert.ok(read <= FEW, `${read} were read`);
    });

    test(`a page of what has two grams from ${part} on, ${direction}`, () => {
      const filter = { grams: { $all: ['all', 'tens 3'] }, time: { [beyond]: time } };
      const { documents, read } = reading({ filter, sort: { time: direction }, limit: PAGE });
      assert.is(documents.length, PAGE);
      assert.ok(read <= FEW, `${read} were read`);
    });

    test(`a page of several rooms together from ${part} on, ${direction}`, () => {
      const filter = { room: { $in: ['r1', 'r3'] }, time: { [beyond]: time } };
      const { documents, read } = reading({ filter, sort: { time: direction, k: direction }, limit: PAGE });
      assert.is(documents.length, PAGE);
      const all = reading({ filter, sort: { time: direction, k: direction } }).documents;
      assert.equal(documents, all.slice(0, PAGE));
      assert.ok(read <= 2 * FEW, `${read} were read`);
    });
  }
}

test('the rarest of all grams is read', () => {
  const { documents, read } = reading({ filter: { grams: { $all: ['all', 'rare'] } }, sort: { time: -1 } });
  assert.is(documents.length, DOCUMENTS / 1_000);
  assert.ok(read <= FEW, `${read} were read`);
});

test('of what has all grams no other document is read', () => {
  const { documents, fetched } = reading({ filter: { grams: { $all: ['tens 0', 'sevens'] } }, sort: { time: -1 }, limit: PAGE });
  assert.is(documents.length, PAGE);
  assert.is(fetched, PAGE);
});

test('of what an $or asks of several rooms nothing else is read, and what two branches ask for comes once', () => {
  const [one, two, three] = [new Date(100), new Date(200), new Date(300)];
  const branches = [
    { room: 'r1', time: { $in: [one, two] } },
    { room: 'r1', time: { $gte: two, $lt: three } },
    { room: 'r3', time: three },
  ];
  const { documents, read } = reading({ filter: { $or: branches }, sort: { k: 1 } });
  const isAsked = ({ room, time }: Doc): boolean => {
    const ms = (time as Date).getTime();
    return room === 'r1' ? ms === 100 || (ms >= 200 && ms < 300) : room === 'r3' && ms === 300;
  };
  const all = reading({ filter: {}, sort: { k: 1 } }).documents;
  assert.equal(documents, all.filter(isAsked));
  assert.is(read, documents.length);
});

test('one by its _id is read alone', () => {
  const { documents, read } = reading({ filter: { _id: 77 } });
  assert.is(documents.length, 1);
  assert.is(read, 1);
});

test.after(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

test.run();
