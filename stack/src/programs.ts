import { join } from 'node:path';
import { fetchedMongod } from './servers/fetch-mongod.js';
import { findOnPath, findServer, type ServerSource } from './servers/find-server.js';
import { envoySource, mongodOnPath, natsSource, postgresSource, redisSource } from './servers/sources.js';
import { root } from './services.js';

/** Where each server's program is; undefined for one that runs elsewhere, as the environment says. */
export interface Programs {
  readonly postgres: string | undefined;
  readonly redis: string | undefined;
  readonly nats: string | undefined;
  readonly envoy: string;
}

/** What is fetched is kept in the checkout, whatever folder a stack has. */
export const SERVERS_FOLDER = join(root, '.moa/servers');

export async function findPrograms(): Promise<Programs> {
  const find = (source: ServerSource) => findServer(source, SERVERS_FOLDER);
  const [postgres, redis, nats, envoy] = await Promise.all([
    process.env.MOA_POSTGRES_URL ? undefined : find(postgresSource),
    process.env.MOA_REDIS_URL ? undefined : find(redisSource),
    process.env.MOA_NATS_URL ? undefined : find(natsSource),
    find(envoySource),
  ]);
  return { postgres, redis, nats, envoy };
}

/** A real mongod, from PATH or fetched before; undefined where there is none, or the server runs elsewhere. */
export const findMongod = async (): Promise<string | undefined> =>
  process.env.MOA_MONGODB_URL ? undefined : ((await findOnPath(mongodOnPath)).program ?? fetchedMongod(SERVERS_FOLDER));
