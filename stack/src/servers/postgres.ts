// One Postgres server. Only TCP on loopback, only passwords, everything flushed to disk before it is acknowledged.
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { explained } from '#setup/explain.mjs';
import { run } from '#setup/run-command.mjs';
import { startOf } from '../leftovers.js';
import { freePort } from './ports.js';
import { type ServerProcess, startProcess } from './process.js';
import { reachableFolder, reachableProgram, unprivilegedUser } from './unprivileged.js';

const CONNECTIONS = 400;
const FORGOTTEN_WITHIN_MS = 15_000;
const POLL_MS = 50;

export interface Postgres extends ServerProcess {
  readonly port: number;
  /** As the owner of everything: for the stack's own work only. */
  readonly adminUrl: string;
}

export interface PostgresPlan {
  readonly program: string;
  readonly dataFolder: string;
  readonly password: string;
  readonly port?: number | undefined;
  /** False for tests, whose data nobody misses after a power cut. */
  readonly durable?: boolean | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function startPostgres(plan: PostgresPlan): Promise<Postgres> {
  const user = unprivilegedUser(plan.dataFolder);
  const program = user ? reachableProgram(user, plan.program) : plan.program;
  const folder = user ? reachableFolder(user, plan.dataFolder) : plan.dataFolder;
  const durable = plan.durable ?? true;
  if (!existsSync(join(folder, 'PG_VERSION'))) await initialise();

  await untilForgotten(join(folder, 'postmaster.pid'));
  const port = plan.port ?? (await freePort());
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: CONNECTIONS,
    fsync: durable ? 'on' : 'off',
    synchronous_commit: 'on',
    full_page_writes: durable ? 'on' : 'off',
    timezone: 'UTC',
  };
  const adminUrl = `postgres://moa:${plan.password}@127.0.0.1:${port}/postgres`;
  const server = await startProcess({
    name: 'postgres',
    program,
    args: ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Postgres asks for its folder by absolute path, and for a current folder that its user can read.
    cwd: '/',
    user,
    stopSignal: 'SIGINT',
    log: plan.log,
    signal: plan.signal,
    ready: () => answers(adminUrl),
  });
  return { ...server, port, adminUrl };

  // Made beside its final place, so that one cut short is not taken for whole.
  async function initialise(): Promise<void> {
    const making = `${folder}.new`;
    const passwordFile = `${folder}.password`;
    try {
      for (const leftover of [folder, making]) rmSync(leftover, { recursive: true, force: true });
      mkdirSync(dirname(folder), { recursive: true });
      mkdirSync(making, { mode: 0o700 });
      writeFileSync(passwordFile, plan.password, { mode: 0o600 });
      if (user) for (const path of [making, passwordFile]) chownSync(path, user.uid, user.gid);
      const options = [
        '-U',
        'moa',
        '--pwfile',
        passwordFile,
        '--auth',
        'scram-sha-256',
        '--encoding',
        'UTF8',
        '--locale',
        'C',
        ...(durable ? [] : ['--no-sync']),
      ];
      await run(join(dirname(program), 'initdb'), ['-D', making, ...options], { cwd: '/', user });
      renameSync(making, folder);
    } catch (error) {
      throw 'explained' in (error as Error) ? error : explained(`make the data folder ${folder}`, error as Error);
    } finally {
      rmSync(passwordFile, { force: true });
    }
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } finally {
    await client.end().catch(() => {});
  }
}

// A server that was killed keeps its number until its parent has taken note, and so long Postgres thinks that it still runs.
async function untilForgotten(lockFile: string): Promise<void> {
  const pid = existsSync(lockFile) ? Number(readFileSync(lockFile, 'utf8').split('\n')[0]) : 0;
  const untilMs = performance.now() + FORGOTTEN_WITHIN_MS;
  while (pid > 0 && startOf(pid) === '' && isKnown(pid) && performance.now() < untilMs) await sleep(POLL_MS);
}

function isKnown(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
