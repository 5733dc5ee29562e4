// MongoDB: a real mongod where there is one, as a replica set of one node; otherwise the small server of our own, which says what it is.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { root } from '../services.js';
import { freePort } from './ports.js';
import { type ServerProcess, startProcess } from './process.js';

const REPLICA_SET = 'moa';
const READY_MS = 1_000;

export interface Mongo extends ServerProcess {
  readonly port: number;
  readonly adminUrl: string;
}

/** A service's user sees its own database and no other. */
export interface MongoUser {
  readonly name: string;
  readonly password: string;
  readonly database: string;
}

export interface MongoPlan {
  /** A real mongod; undefined: our own. */
  readonly program: string | undefined;
  readonly dataFolder: string;
  readonly password: string;
  readonly users?: readonly MongoUser[] | undefined;
  readonly port?: number | undefined;
  /** false: answers before it is on the disk. */
  readonly durable?: boolean | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function startMongo({ program, ...plan }: MongoPlan): Promise<Mongo> {
  mkdirSync(plan.dataFolder, { recursive: true, mode: 0o700 });
  const port = plan.port ?? (await freePort());
  const server = program ? await startMongod(program, { ...plan, port }) : await startOwn({ ...plan, port });
  return { ...server, port, adminUrl: adminUrlOf(port, plan.password, program !== undefined) };
}

/** As who may do everything. A mongod of the stack has no users: it listens on this machine only. */
export const adminUrlOf = (port: number, password: string, isReal: boolean): string =>
  isReal ? `mongodb://127.0.0.1:${port}/?replicaSet=${REPLICA_SET}` : `mongodb://moa:${password}@127.0.0.1:${port}/?authSource=admin`;

type Placed = Omit<MongoPlan, 'program'> & { readonly port: number };

function startOwn({ dataFolder, password, users = [], port, durable = true, log, signal }: Placed): Promise<ServerProcess> {
  const usersFile = join(dataFolder, 'users.json');
  const known = { moa: { password }, ...Object.fromEntries(users.map(({ name, ...user }) => [name, user])) };
  writeFileSync(usersFile, JSON.stringify(known), { mode: 0o600 });
  return startProcess({
    name: 'mongo',
    program: process.execPath,
    args: [join(root, 'packages/mongo-server/dist/src/main.js')],
    env: {
      ...process.env,
      LISTEN: `127.0.0.1:${port}`,
      DATA_FOLDER: join(dataFolder, 'embedded'),
      USERS_FILE: usersFile,
      DURABLE: String(durable),
    },
    ready: () => answers(adminUrlOf(port, password, false)),
    log,
    signal,
  });
}

function startMongod(program: string, { dataFolder, port, log, signal }: Placed): Promise<ServerProcess> {
  const folder = join(dataFolder, 'mongod');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const direct = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const member = { _id: 0, host: `127.0.0.1:${port}` };
  return startProcess({
    name: 'mongo',
    program,
    args: ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', REPLICA_SET, '--quiet'],
    ready: () =>
      withMongo(direct, async (client) => {
        const admin = client.db('admin');
        await admin.command({ replSetInitiate: { _id: REPLICA_SET, members: [member] } }).catch(() => {});
        // The port may be another than the last time.
        const { isWritablePrimary, hosts } = await admin.command({ hello: 1 });
        if (!isWritablePrimary && !hosts?.includes(member.host)) await moveTo(client, member);
        return isWritablePrimary === true;
      }),
    log,
    signal,
  });
}

async function moveTo(client: MongoClient, member: { readonly _id: number; readonly host: string }): Promise<void> {
  const { config } = await client.db('admin').command({ replSetGetConfig: 1 });
  await client.db('admin').command({ replSetReconfig: { ...config, version: config.version + 1, members: [member] }, force: true });
}

const answers = (url: string) => withMongo(url, async (client) => (await client.db('admin').command({ ping: 1 }))['ok'] === 1);

async function withMongo<T>(url: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: READY_MS, connectTimeoutMS: READY_MS });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
