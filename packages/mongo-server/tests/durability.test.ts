// kill -9 in the middle of acknowledged writes: what was acknowledged is there once, and the indexes agree with the documents.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, MongoClient } from 'mongodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));
const WRITERS = 50;
const KILLS = 3;
/** So many acknowledged writes, then the kill. */
const WRITES_BEFORE_KILL = 500;
const SPEED_CALLERS = 32;
const SPEED_WRITES = 2_000;
const LONE_KILLS = 4;
const folder = await mkdtemp(join(tmpdir(), 'moa-mongo-'));
const children = new Set<ChildProcess>();
const test = suite('durability');

async function start(): Promise<{ child: ChildProcess; client: MongoClient }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { LISTEN: '127.0.0.1:0', DATA_FOLDER: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const [line] = await once(child.stdout!, 'data');
  const url = /mongodb:\/\/127\.0\.0\.1:\d+/.exec(String(line))![0];
  const client = await new MongoClient(url, {
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: 1_000,
    retryWrites: false,
  }).connect();
  return { child, client };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

interface Acknowledged {
  /** By room, the sequences of the entries. */
  readonly entries: Map<string, number>;
  /** By room, its counter. */
  readonly counters: Map<string, number>;
}

/** Writes entries one after the other until the server is gone; each is an insert and a conditional update. */
async function write(client: MongoClient, room: string, acknowledged: Acknowledged, isEnough: () => void): Promise<void> {
  const db = client.db('t');
  try {
    for (let sequence = (acknowledged.entries.get(room) ?? 0) + 1; ; sequence++) {
      // What was not acknowledged may be there all the same: then it is a duplicate.
      await db
        .collection('entries')
        .insertOne({ room, sequence, grams: ['all', room] })
        .catch((error: { code?: number }) => {
          if (error.code !== 11000) throw error;
        });
      acknowledged.entries.set(room, sequence);
      const { modifiedCount } = await db
        .collection('counters')
        .updateOne(
          { _id: room, n: { $lt: sequence } } as Document,
          { $set: { n: sequence } },
          { upsert: sequence === 1 && !acknowledged.counters.has(room) },
        );
      if (modifiedCount === 1) acknowledged.counters.set(room, sequence);
      isEnough();
    }
  } catch {
    // The server is gone.
  }
}

test(`${KILLS} kills while ${WRITERS} write lose nothing that was acknowledged`, async () => {
  const acknowledged: Acknowledged = { entries: new Map(), counters: new Map() };
  let running = await start();
  await running.client
    .db('t')
    .collection('entries')
    .createIndexes([{ key: { room: 1, sequence: 1 }, unique: true }, { key: { grams: 1, sequence: -1 } }]);
  for (let nth = 0; nth < KILLS; nth++) {
    let writes = 0;
    let killed: Promise<void> | undefined;
    const { child, client } = running;
    const isEnough = () => {
      if (++writes === WRITES_BEFORE_KILL) killed = kill(child);
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(client, `room ${writer}`, acknowledged, isEnough)));
    await killed;
    await client.close(true);
    running = await start();
    await check(running.client, acknowledged);
  }
  const total = [...acknowledged.entries.values()].reduce((sum, count) => sum + count, 0);
  console.log(`» ${KILLS} kills, ${total} acknowledged inserts, 0 lost, 0 twice`);
  await running.client.close();
  await kill(running.child);
});

async function check(client: MongoClient, { entries, counters }: Acknowledged): Promise<void> {
  const collection = client.db('t').collection('entries');
  const all = await collection.find({}).toArray();
  for (const [room, count] of entries) {
    const sequences = all
      .filter((one) => one.room === room)
      .map(({ sequence }) => sequence as number)
      .sort((a, b) => a - b);
    assert.ok(sequences.length === count || sequences.length === count + 1, `${room}: ${sequences.length} of ${count}`);
    assert.equal(
      sequences,
      sequences.map((_, nth) => nth + 1),
      `${room} has no gap and nothing twice`,
    );
    assert.equal(
      (await collection.find({ room }).sort({ sequence: -1 }).toArray()).map(({ sequence }) => sequence),
      [...sequences].reverse(),
      'by the unique index',
    );
  }
  assert.is(await collection.countDocuments({ grams: 'all' }), all.length, 'by the index of grams');
  for (const [room, n] of counters) {
    const kept = (await client
      .db('t')
      .collection('counters')
      .findOne({ _id: room } as Document))!.n as number;
    assert.ok(kept === n || kept === n + 1, `the counter of ${room}: ${kept} and not ${n}`);
  }
}

test('a write that was acknowledged just now survives a kill', async () => {
  const document = (nth: number) => ({ _id: nth, text: 'x'.repeat(100_000) }) as unknown as Document;
  for (let nth = 0; nth < LONE_KILLS; nth++) {
    const { child, client } = await start();
    const collection = client.db('t').collection('lone');
    assert.is(await collection.countDocuments({}), nth);
    await collection.insertOne(document(nth));
    // Nothing is in between: an answer before the commit would be an answer too early.
    await kill(child);
    await client.close(true);
  }
});

test('it takes many writes at a time', async () => {
  const { child, client } = await start();
  const collection = client.db('t').collection('speed');
  await collection.insertOne({});
  const began = performance.now();
  let left = SPEED_WRITES;
  const caller = async () => {
    while (left-- > 0) await collection.insertOne({ room: 'r', sequence: left, text: 'so many words', at: new Date() });
  };
  await Promise.all(Array.from({ length: SPEED_CALLERS }, caller));
  const perSecond = Math.round((SPEED_WRITES / (performance.now() - began)) * 1_000);
  console.log(`» ${perSecond} acknowledged inserts/s by ${SPEED_CALLERS} callers, flushed to the disk before each answer`);
  assert.is(await collection.countDocuments({}), SPEED_WRITES + 1);
  await client.close();
  await kill(child);
});

test.after(async () => {
  // A test that failed leaves its server.
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test.run();
