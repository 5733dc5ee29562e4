// The servers that the suite runs against: the embedded one always, the one that MONGODB_URL names, and the real mongod that the test run has found.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EJSON } from 'bson';
import { type Collection, type Db, type Document, MongoClient, MongoServerError } from 'mongodb';
import { startMongoServer } from '../src/server.js';

export interface ServerUnderTest {
  readonly name: string;
  /** The project's own server: for what is said of it alone. */
  readonly isEmbedded: boolean;
  readonly url: string;
  readonly client: MongoClient;
  /** Numbers come back with their types. */
  readonly exact: MongoClient;
  readonly db: Db;
  /** An empty collection of a name that nobody has. */
  collection(documents?: readonly Document[]): Promise<Collection>;
  stop(): Promise<void>;
}

const MAJORITY = { writeConcern: { w: 'majority', journal: true } } as const;
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false } as const;

export async function serversUnderTest(): Promise<ServerUnderTest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'moa-mongo-'));
  const embedded = await startMongoServer({ listen: '127.0.0.1:0', dataFolder: folder });
  const stop = async (): Promise<void> => {
    await embedded.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const all = [await connect('embedded', true, `mongodb://127.0.0.1:${embedded.port}`, stop)];
  const other = process.env.MONGODB_URL;
  if (other) all.push(await connect('MONGODB_URL', false, other, async () => {}));
  const found = await mongodOfRun();
  if (found) all.push(await connect('the mongod found', false, found, async () => {}));
  return all;
}

/** Where the mongod of this test run is, when it found a real one. */
async function mongodOfRun(): Promise<string | undefined> {
  const { mongoUrl } = JSON.parse(process.env.MOA_TEST_SERVERS ?? '{}') as { mongoUrl?: string };
  if (mongoUrl === undefined) return undefined;
  const client = await new MongoClient(mongoUrl).connect();
  const { embedded } = await client.db().admin().buildInfo();
  await client.close();
  return embedded === undefined ? mongoUrl : undefined;
}

async function connect(name: string, isEmbedded: boolean, url: string, stop: () => Promise<void>): Promise<ServerUnderTest> {
  const client = await new MongoClient(url, MAJORITY).connect();
  const exact = await new MongoClient(url, { ...MAJORITY, ...EXACT }).connect();
  const database = `suite_${randomUUID().replaceAll('-', '')}`;
  const db = exact.db(database);
  let made = 0;
  return {
    name,
    isEmbedded,
    url,
    client,
    exact,
    db,
    async collection(documents = []) {
      const collection = db.collection(`c${++made}`);
      if (documents.length > 0) await collection.insertMany(documents.map((document) => ({ ...document })));
      return collection;
    },
    async stop() {
      await db.dropDatabase();
      await Promise.all([client.close(), exact.close()]);
      await stop();
    },
  };
}

/** Every type and the order of the fields, as text. */
export const exactly = (value: unknown): string => EJSON.stringify(value, { relaxed: false });

/** Counts what was run and what passed, by server. */
export function countingCases(servers: readonly ServerUnderTest[]) {
  const counts = new Map(servers.map(({ name }) => [name, { run: 0, passed: 0 }]));
  return {
    counted: (server: ServerUnderTest, check: () => Promise<void>) => async (): Promise<void> => {
      const count = counts.get(server.name)!;
      count.run++;
      await check();
      count.passed++;
    },
    /** For the end of a test file. */
    async finish(what: string): Promise<void> {
      for (const [name, { run, passed }] of counts) console.log(`» ${name}: ${passed} of ${run} ${what} passed`);
      for (const server of servers) await server.stop();
    },
  };
}

/** The error that a call ends with. */
export async function refusalOf(promise: Promise<unknown>): Promise<MongoServerError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MongoServerError)) throw new Error(`it was not refused: ${String(error)}`);
  return error;
}

/** A new collection, with plain numbers. */
export async function freshCollection(server: ServerUnderTest, documents: readonly Document[] = []): Promise<Collection> {
  const { collectionName } = await server.collection(documents);
  return server.client.db(server.db.databaseName).collection(collectionName);
}
