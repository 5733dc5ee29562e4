// Applies migrations in Prisma's layout, and remembers them in Prisma's table: "prisma migrate deploy" and this may take turns.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { run } from '#setup/run-command.mjs';
import { withClient } from './databases.js';

// Prisma's own lock for migrations.
const MIGRATION_LOCK = 72_707_369;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** Brings a database up to date; gives the names of the migrations that it applied. Two at once are safe. */
export async function migrate(databaseUrl: string, folder: string): Promise<string[]> {
  return withClient(databaseUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(MIGRATIONS_TABLE);
    const pending = pendingOf(readMigrations(folder), await appliedIn(client), folder);
    for (const migration of pending) await apply(client, migration, folder);
    return pending.map(({ name }) => name);
  });
}

/** Runs a service's own step that makes its indexes; `migration` is its program. */
export const migrateDocuments = (migration: string, url: string): Promise<string> =>
  run(process.execPath, [migration], { env: { MONGODB_URL: url } });

export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .sort()
    .filter((name) => existsSync(join(folder, name, 'migration.sql')))
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

interface Applied {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

async function appliedIn(client: pg.Client): Promise<Applied[]> {
  const { rows } = await client.query<Applied>(
    'SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  return rows;
}

function pendingOf(migrations: readonly Migration[], applied: readonly Applied[], folder: string): Migration[] {
  const known = new Map(applied.map((migration) => [migration.name, migration]));
  return migrations.filter(({ name, checksum }) => {
    const before = known.get(name);
    if (!before) return true;
    if (!before.finished) throw refused(`${folder}/${name} was begun before and did not end.`);
    if (before.checksum !== checksum) throw refused(`${folder}/${name} was changed after it had been applied.`);
    return false;
  });
}

const refused = (why: string) =>
  Object.assign(new Error(why), {
    explained: `${why}\nOn this machine "npm run stack -- reset" starts with empty databases; elsewhere, add a new migration instead.`,
  });

// One transaction: a migration is applied and remembered, or neither.
async function apply(client: pg.Client, { name, sql, checksum }: Migration, folder: string): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), clock_timestamp(), 1)',
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw Object.assign(new Error(`${folder}/${name}: ${(error as Error).message}`, { cause: error }), {
      explained: explain(error as Error & { position?: string }, sql, `${folder}/${name}`),
    });
  }
}

function explain(error: Error & { position?: string }, sql: string, where: string): string {
  const line = error.position ? sql.slice(0, Number(error.position)).split('\n').length : undefined;
  return `The migration ${where}/migration.sql${line ? ` fails at line ${line}` : ' fails'}: ${error.message}`;
}

const MIGRATIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  varchar(36) PRIMARY KEY NOT NULL,
    checksum            varchar(64) NOT NULL,
    finished_at         timestamptz,
    migration_name      varchar(255) NOT NULL,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
  )`;
