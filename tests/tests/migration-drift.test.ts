import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrationDrift, withClient } from '@moa/stack';
import { openTestbed } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bed = await openTestbed('drift');
// No service of ours: its database has none of their tables.
const databaseUrl = await bed.databaseUrl('toy');
const folder = mkdtempSync(join(tmpdir(), 'schema-'));
const path = join(folder, 'schema.prisma');
writeFileSync(
  path,
  'datasource db {\n  provider = "postgresql"\n}\nmodel Toy {\n  id String @id @db.Uuid\n  name String\n  @@index([name], map: "toy_name")\n  @@map("toy")\n}\n',
);

test('tells what the migrations lack of the schema, until they have it', async () => {
  assert.match(await migrationDrift(databaseUrl, path), /CREATE TABLE "toy"/);
  await withClient(databaseUrl, (client) => client.query('CREATE TABLE toy (id uuid PRIMARY KEY, name text NOT NULL)'));
  assert.is(await migrationDrift(databaseUrl, path), '-- CreateIndex\nCREATE INDEX "toy_name" ON "toy"("name");');
  await withClient(databaseUrl, (client) => client.query('CREATE INDEX toy_name ON toy (name)'));
  assert.is(await migrationDrift(databaseUrl, path), '');
});

test.after(async () => {
  rmSync(folder, { recursive: true });
  await bed.close();
});
test.run();
