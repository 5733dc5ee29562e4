import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inDatabase, withClient } from '../src/databases.js';
import { migrate } from '../src/migrate.js';
import { startTestServers } from '../src/test-servers.js';

const { servers, stop } = await startTestServers();
const folder = mkdtempSync(join(tmpdir(), 'moa-migrate-'));
let databases = 0;

const FUNCTION = 'CREATE FUNCTION two() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN 1 + 1; END $$;';

function migration(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'migration.sql'), sql);
}

async function emptyDatabase(): Promise<string> {
  const name = `migrated_${++databases}`;
  await withClient(servers.postgresUrl, (admin) => admin.query(`CREATE DATABASE ${name}`));
  return inDatabase(servers.postgresUrl, name);
}

const query = (url: string, sql: string) => withClient(url, async (client) => (await client.query(sql)).rows);

test.before.each(() => {
  rmSync(folder, { recursive: true, force: true });
  migration('0001_init', `CREATE TABLE thing (id integer PRIMARY KEY); ${FUNCTION}`);
  migration('0002_more', 'ALTER TABLE thing ADD COLUMN name text;');
});

test('applies migrations in order, whole scripts with dollar quotes, and remembers them as Prisma does', async () => {
  const url = await emptyDatabase();
  assert.equal(await migrate(url, folder), ['0001_init', '0002_more']);
  assert.equal(await query(url, 'SELECT two() AS two, count(name) AS named FROM thing'), [{ two: 2, named: '0' }]);
  const remembered = await query(
    url,
    'SELECT migration_name, length(checksum) AS checksum, finished_at IS NOT NULL AS finished, applied_steps_count AS steps FROM _prisma_migrations ORDER BY migration_name',
  );
  assert.equal(
    remembered,
    ['0001_init', '0002_more'].map((name) => ({ migration_name: name, checksum: 64, finished: true, steps: 1 })),
  );
});

test('applies nothing a second time, and only what is new', async () => {
  const url = await emptyDatabase();
  await migrate(url, folder);
  assert.equal(await migrate(url, folder), []);
  migration('0003_new', 'CREATE TABLE other ();');
  assert.equal(await migrate(url, folder), ['0003_new']);
});

test('of ten at once, one applies each migration', async () => {
  const url = await emptyDatabase();
  const applied = await Promise.all(Array.from({ length: 10 }, () => migrate(url, folder)));
  assert.equal(applied.flat(), ['0001_init', '0002_more']);
});

test('a migration that fails leaves nothing of itself, tells its line, and can be mended', async () => {
  const url = await emptyDatabase();
  migration('0003_wrong', 'CREATE TABLE half ();\nCREATE TABEL broken ();');
  const error = await migrate(url, folder).catch((failure) => failure);
  assert.match(error.explained, /0003_wrong\/migration\.sql fails at line 2: syntax error/);
  assert.equal(await query(url, `SELECT to_regclass('half') AS half`), [{ half: null }]);
  migration('0003_wrong', 'CREATE TABLE half ();');
  assert.equal(await migrate(url, folder), ['0003_wrong']);
});

test('a migration that was changed after it had been applied is refused', async () => {
  const url = await emptyDatabase();
  await migrate(url, folder);
  appendFileSync(join(folder, '0001_init/migration.sql'), '-- changed\n');
  const error = await migrate(url, folder).catch((failure) => failure);
  assert.match(error.explained, /0001_init was changed after it had been applied/);
});

test.after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stop();
});
test.run();
