// The embedded server by itself: its folder, its users, its cursors, its wire.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BSON, Double, Int32, Long } from 'bson';
import { type Document, MongoClient } from 'mongodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startMongoServer } from '../src/server.js';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));
const CURSOR_IDLE_MS = 200;
const MIB = 1024 * 1024;
const test = suite('the embedded server');
const folders: string[] = [];
const folderOf = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'moa-mongo-'));
  folders.push(folder);
  return folder;
};
const folder = await folderOf();
const server = await startMongoServer({ listen: '127.0.0.1:0', dataFolder: folder, durable: false });
const client = await new MongoClient(`mongodb://127.0.0.1:${server.port}`).connect();
const db = client.db('t');
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: { code?: unknown; message: string }) => error.code ?? error.message,
  );

test('says what it is', async () => {
  assert.match(JSON.stringify(await db.command({ buildInfo: 1 })), /not MongoDB/);
});

test('listens on 127.0.0.1 only', async () => {
  const dataFolder = await folderOf();
  for (const listen of ['0.0.0.0:0', 'localhost:0', '::1:0']) {
    assert.match(String(await startMongoServer({ listen, dataFolder }).catch((error: Error) => error.message)), /127\.0\.0\.1 only/);
  }
});

test('a folder has one server at a time', async () => {
  const dataFolder = await folderOf();
  const first = await startMongoServer({ listen: '127.0.0.1:0', dataFolder });
  assert.match(String(await startMongoServer({ listen: '127.0.0.1:0', dataFolder }).catch((error: Error) => error.message)), /in use/);
  await first.stop();
  const second = await startMongoServer({ listen: '127.0.0.1:0', dataFolder });
  await second.stop();
});

test('another process does not get the folder, and a killed one does not keep it', async () => {
  const dataFolder = await folderOf();
  const run = () => {
    const child = spawn(process.execPath, [MAIN], {
      env: { LISTEN: '127.0.0.1:0', DATA_FOLDER: dataFolder },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { child, ended: once(child, 'exit'), line: once(child.stdout, 'data').then(([line]) => String(line)) };
  };
  const first = run();
  assert.match(await first.line, /not MongoDB.*mongodb:\/\/127\.0\.0\.1:\d+/s);
  const second = run();
  assert.is((await second.ended)[0], 1);
  first.child.kill('SIGKILL');
  await first.ended;
  const third = run();
  await third.line;
  third.child.kill('SIGTERM');
  assert.equal(await third.ended, [0, null], 'SIGTERM ends it well');
});

test('what was written is there after a stop', async () => {
  const dataFolder = await folderOf();
  const document = { _id: 1, b: new Double(3), a: Long.fromNumber(7), c: { z: new Int32(1), y: [null, 'x'] } };
  for (let nth = 0; nth < 2; nth++) {
    const one = await startMongoServer({ listen: '127.0.0.1:0', dataFolder });
    const own = await new MongoClient(`mongodb://127.0.0.1:${one.port}`, { promoteValues: false }).connect();
    const collection = own.db('t').collection('c');
    if (nth === 0) {
      await collection.createIndex({ a: 1 }, { unique: true });
      await collection.insertOne({ ...document } as unknown as Document);
    } else {
      assert.is(BSON.EJSON.stringify(await collection.findOne(), { relaxed: false }), BSON.EJSON.stringify(document, { relaxed: false }));
      assert.is(Number(await codeOf(collection.insertOne({ a: 7 }))), 11000);
    }
    await own.close();
    await one.stop();
  }
});

test('a cursor gives pieces of the size that is asked for', async () => {
  const collection = db.collection('pieces');
  await collection.insertMany(Array.from({ length: 250 }, (_, n) => ({ n })));
  const first = await db.command({ find: 'pieces', filter: {}, batchSize: 7, sort: { n: 1 } });
  assert.is(first.cursor.firstBatch.length, 7);
  const next = await db.command({ getMore: first.cursor.id, collection: 'pieces', batchSize: 100 });
  assert.equal([next.cursor.nextBatch.length, next.cursor.nextBatch[0].n], [100, 7]);
  const rest = await db.command({ getMore: first.cursor.id, collection: 'pieces' });
  assert.equal([rest.cursor.nextBatch.length, Number(rest.cursor.id)], [143, 0]);
  assert.is((await db.command({ find: 'pieces', filter: {} })).cursor.firstBatch.length, 101);
  assert.is(Number((await db.command({ find: 'pieces', filter: {}, singleBatch: true, batchSize: 3 })).cursor.id), 0);
  assert.equal((await db.command({ find: 'pieces', filter: {}, batchSize: 0 })).cursor.firstBatch, []);
  assert.is((await collection.find().batchSize(2).toArray()).length, 250);
});

test('a cursor goes on while others write, and gives no document twice', async () => {
  const collection = db.collection('moving');
  await collection.createIndex({ n: 1 });
  await collection.insertMany(Array.from({ length: 300 }, (_, n) => ({ n })));
  const seen: string[] = [];
  for await (const { _id } of collection.find().sort({ n: 1 }).batchSize(20)) {
    seen.push(String(_id));
    if (seen.length % 50 === 0) await collection.insertOne({ n: -1 });
  }
  assert.is(seen.length, 300);
  assert.is(new Set(seen).size, 300);
});

test('a cursor that nobody asks for is closed, and one that is killed', async () => {
  const hasty = await startMongoServer({
    listen: '127.0.0.1:0',
    dataFolder: await folderOf(),
    durable: false,
    cursorIdleMs: CURSOR_IDLE_MS,
  });
  const own = await new MongoClient(`mongodb://127.0.0.1:${hasty.port}`).connect();
  const db = own.db('t');
  const collection = db.collection('idle');
  await collection.insertMany(Array.from({ length: 10 }, (_, n) => ({ n })));
  const open = async () => (await db.command({ find: 'idle', filter: {}, batchSize: 2 })).cursor.id as Long;
  const more = (id: Long, name = 'idle') => codeOf(db.command({ getMore: id, collection: name, batchSize: 1 }));
  const [killed, idle] = [await open(), await open()];
  assert.ok((await more(killed, 'other')) !== 'no error', 'of another collection');
  await db.command({ killCursors: 'other', cursors: [killed] });
  assert.is(await more(killed), 'no error', 'is not killed by the name of another collection');
  assert.equal((await db.command({ killCursors: 'idle', cursors: [killed] })).cursorsKilled.map(String), [String(killed)]);
  assert.is(await more(killed), 43);
  // Asking would keep it open.
  await new Promise((resolve) => setTimeout(resolve, 2 * CURSOR_IDLE_MS));
  assert.is(await more(idle), 43);
  await own.close();
  await hasty.stop();
});

test('documents of 16 MiB come and go, larger ones are refused', async () => {
  const collection = db.collection('large');
  const text = 'x'.repeat(15 * MIB);
  for (let _id = 0; _id < 3; _id++) await collection.insertOne({ _id, text } as unknown as Document);
  assert.equal(
    (await collection.find().toArray()).map((one) => one.text.length),
    [15, 15, 15].map((size) => size * MIB),
  );
  await collection.insertOne({ _id: 9, text } as unknown as Document).catch(() => {});
  assert.ok((await codeOf(collection.updateOne({ _id: 0 } as Document, { $set: { more: 'x'.repeat(2 * MIB) } }))) !== 'no error');
  assert.is((await collection.findOne({ _id: 0 } as Document))!.more, undefined);
});

test('a key that is too long is refused, and nothing is written', async () => {
  const collection = db.collection('long');
  await collection.createIndex({ a: 1 });
  assert.is(await codeOf(collection.insertOne({ a: 'x'.repeat(3_000) })), 17280);
  assert.is(await collection.countDocuments({}), 0);
});

test('what is no message closes the connection, and hurts nobody else', async () => {
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.alloc(64, 255),
    Buffer.from([17, 0, 0, 0, ...Array(13).fill(0)]),
    withBody(Buffer.from([5, 0, 0, 0, 7])),
  ]) {
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    socket.end(bytes);
    socket.resume();
    await once(socket, 'close');
  }
  assert.is((await db.command({ ping: 1 })).ok, 1);
});

/** An OP_MSG with this as its command. */
function withBody(body: Buffer, flags = 0, tail = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(21);
  head.writeInt32LE(head.length + body.length + tail.length, 0);
  head.writeInt32LE(1, 4);
  head.writeInt32LE(2013, 12);
  head.writeUInt32LE(flags, 16);
  return Buffer.concat([head, body, tail]);
}

test('a message with a checksum, and one in single bytes, is answered', async () => {
  const message = withBody(Buffer.from(BSON.serialize({ ping: 1, $db: 'admin' })), 1, Buffer.alloc(4));
  const socket = connect(server.port, '127.0.0.1');
  socket.setNoDelay(true);
  for (const byte of message) socket.write(Buffer.of(byte));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.is(BSON.deserialize(answer.subarray(21)).ok, 1);
  assert.is(answer.readInt32LE(8), 1, 'it answers that request');
  socket.destroy();
});

test('lists what there is', async () => {
  const other = client.db('listed');
  await other.createCollection('a');
  await other.collection('b').insertOne({});
  assert.equal((await other.listCollections().toArray()).map(({ name }) => name).sort(), ['a', 'b']);
  assert.equal(
    (await other.listCollections({ name: 'b' }, { nameOnly: true }).toArray()).map(({ name }) => name),
    ['b'],
  );
  assert.is(await codeOf(other.createCollection('a')), 48);
  assert.ok((await client.db().admin().listDatabases({ nameOnly: true })).databases.some(({ name }) => name === 'listed'));
  await other.collection('a').drop();
  assert.equal(
    (await other.listCollections().toArray()).map(({ name }) => name),
    ['b'],
  );
  await other.dropDatabase();
  assert.equal(await other.listCollections().toArray(), []);
  assert.is(await other.collection('b').countDocuments({}), 0);
});

test('a user has one database, and nobody gets in without the password', async () => {
  const users = {
    chat: { password: 'one', database: 'chat' },
    review: { password: 'two', database: 'review' },
    root: { password: 'three' },
  };
  const guarded = await startMongoServer({ listen: '127.0.0.1:0', dataFolder: await folderOf(), durable: false, users });
  const as = async (name: string, password: string) =>
    new MongoClient(`mongodb://${name}:${password}@127.0.0.1:${guarded.port}/?authSource=admin&authMechanism=SCRAM-SHA-256`, {
      serverSelectionTimeoutMS: 2_000,
    }).connect();
  const chat = await as('chat', 'one');
  await chat.db('chat').collection('c').insertOne({ a: 1 });
  for (const name of ['review', 'admin', 'local']) {
    assert.is(await codeOf(chat.db(name).collection('c').findOne()), 13);
    assert.is(await codeOf(chat.db(name).collection('c').insertOne({})), 13);
    assert.is(await codeOf(chat.db(name).dropDatabase()), 13);
  }
  const review = await as('review', 'two');
  const { cursor } = await chat.db('chat').command({ find: 'c', filter: {}, batchSize: 0 });
  assert.is(await codeOf(review.db('chat').command({ getMore: cursor.id, collection: 'c' })), 13);
  assert.is(await codeOf(review.db('review').command({ getMore: cursor.id, collection: 'c' })), 43);
  for (const [name, password] of [
    ['chat', 'two'],
    ['nobody', 'one'],
    ['chat', ''],
  ] as const) {
    assert.ok((await codeOf(as(name, password || 'x'))) === 18);
  }
  const stranger = await new MongoClient(`mongodb://127.0.0.1:${guarded.port}`).connect();
  assert.is(await codeOf(stranger.db('chat').collection('c').findOne()), 13);
  const root = await as('root', 'three');
  assert.is((await root.db('chat').collection('c').findOne())!.a, 1);
  for (const one of [chat, review, stranger, root]) await one.close();
  await guarded.stop();
});

test.after(async () => {
  await client.close();
  await server.stop();
  for (const one of folders) await rm(one, { recursive: true, force: true });
});

test.run();
