// A service of the tests' own: any contract behind the real host, with the kit's tables and a tally beside them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type ClientUnaryCall, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@moa/contracts/method';
import type { Testbed } from '@moa/testkit';
import pg from 'pg';
import type { Database, Host, HostConfig, Implementation } from '../src/index.js';
import { PrismaClient } from './generated/client.js';

/** Handlers for some RPCs of a contract; nobody calls the others. */
export function implement<S extends ServiceDefinition>(definition: S, handlers: Partial<Implementation<S>>): Implementation<S> {
  const unplayed = async () => {
    throw new Error('not played here');
  };
  return { ...Object.fromEntries(Object.keys(definition.methods).map((name) => [name, unplayed])), ...handlers } as Implementation<S>;
}

/** Of an authority for which every session lives. */
export const NOTHING_REVOKED = { listRevoked: async () => [], authTimeOf: async () => new Date() };

/** The configuration of a service that has no tables but the kit's, and shows the certificate of `name`. */
export async function configAs(bed: Testbed, name: string, database = 'toy'): Promise<HostConfig> {
  return { ...(await bed.config(database)), CERTIFICATES: bed.certificates(name) };
}

export type TallyDatabase = Database<PrismaClient>;

export const openTallies = (host: Host): TallyDatabase => host.database((adapter) => new PrismaClient({ adapter }));

export interface Store {
  readonly config: HostConfig;
  /** Looks at the database from outside, as its owner. */
  readonly owner: pg.Pool;
  count(name: string): Promise<number>;
}

/** A database with the tally in it. */
export async function openStore(bed: Testbed, name: string, database = 'toy'): Promise<Store> {
  const config = await configAs(bed, name, database);
  const owner = new pg.Pool({ connectionString: await bed.databaseUrl(database), max: 3 });
  owner.on('error', () => {});
  await owner.query(
    'CREATE TABLE IF NOT EXISTS tally (name text PRIMARY KEY, count integer NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 0)',
  );
  const count = async (tally: string) =>
    (await owner.query<{ count: number }>('SELECT count FROM tally WHERE name = $1', [tally])).rows[0]?.count ?? 0;
  return { config, owner, count };
}

/** Counts one up, and gives how many there are now. */
export async function countUp(tx: Pick<PrismaClient, 'tally'>, name: string): Promise<number> {
  const { count } = await tx.tally.upsert({ where: { name }, create: { name, count: 1 }, update: { count: { increment: 1 } } });
  return count;
}

/** A channel that sends any bytes to any path. */
export function openChannel(bed: Testbed, address: string, name = 'envoy'): Client {
  const read = (file: string) => readFileSync(join(bed.certificates(name), file));
  return new Client(address, credentials.createSsl(read('ca.pem'), read('key.pem'), read('cert.pem')), {
    'grpc.ssl_target_name_override': 'localhost',
  });
}

/** What a call was refused with. */
export const errorOf = (call: Promise<unknown>): Promise<ServiceError & { readonly reason?: string }> =>
  call.then(
    () => {
      throw new Error('it was answered');
    },
    (error) => error,
  );

export interface Sent {
  readonly answer: Promise<Buffer>;
  readonly call: ClientUnaryCall;
}

export function send(client: Client, path: string, bytes: Uint8Array, metadata = new Metadata(), withinMs = 10_000): Sent {
  let call!: ClientUnaryCall;
  const answer = new Promise<Buffer>((resolve, reject) => {
    const asTheyAre = (bytes: Buffer) => bytes;
    call = client.makeUnaryRequest(
      path,
      asTheyAre,
      asTheyAre,
      Buffer.from(bytes),
      metadata,
      { deadline: Date.now() + withinMs },
      (error, answer) => (error ? reject(error) : resolve(answer!)),
    );
  });
  answer.catch(() => {});
  return { answer, call };
}

export { gate } from './gate.js';
