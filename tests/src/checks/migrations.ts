import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inDatabase, migrationDrift, presentServices, startTestServers, templateOf } from '@moa/stack';

/** Services whose migrations do not lead to what their schema.prisma says, and the SQL that is missing. */
export async function driftingMigrations(root: string): Promise<string> {
  const { servers, stop } = await startTestServers();
  try {
    const drifts = presentServices()
      .map(({ name, folder }) => ({ name, folder, schema: join(root, folder, 'prisma/schema.prisma') }))
      .filter(({ schema }) => existsSync(schema))
      .map(async ({ name, folder, schema }) => {
        const drift = await migrationDrift(inDatabase(servers.postgresUrl, templateOf(name)), schema);
        return drift === '' ? [] : [`${folder}: the migrations and prisma/schema.prisma differ by\n${drift.replace(/^/gm, '  ')}`];
      });
    return (await Promise.all(drifts)).flat().join('\n');
  } finally {
    await stop();
  }
}
