// What servers have to hold before services start: databases, roles, tables, users.
import { step } from '#setup/progress.mjs';
import { closeCommonDatabases, ensureDatabase, inDatabase } from './databases.js';
import { migrate, migrateDocuments } from './migrate.js';
import { mongoUrlOf, type Plan, postgresAdminUrl, redisAdminUrl, redisUsers, withDatabase } from './plan.js';
import { addRedisUser } from './servers/redis.js';
import { documentMigrationOf, keepsDocuments, migrationsOf } from './services.js';

/** Makes what is missing, and applies what is new. */
export async function prepareDatabases(plan: Plan): Promise<void> {
  const adminUrl = postgresAdminUrl(plan);
  await step('preparing databases', async () => {
    await closeCommonDatabases(adminUrl);
    await Promise.all(
      withDatabase(plan).map(async (service) => {
        await ensureDatabase(adminUrl, service.name, service.name, plan.secrets.of(`postgres.${service.name}`));
        await migrate(inDatabase(adminUrl, service.name), migrationsOf(service));
      }),
    );
  });
}

/** Runs each service's own step that makes its indexes. */
export async function prepareDocuments(plan: Plan): Promise<void> {
  await step('preparing documents', async () => {
    await Promise.all(
      plan.services.filter(keepsDocuments).map((service) => migrateDocuments(documentMigrationOf(service), mongoUrlOf(plan, service.name))),
    );
  });
}

/** For servers that are not ours to start. */
export async function prepareForeignServers(plan: Plan): Promise<void> {
  if (process.env.MOA_POSTGRES_URL) await prepareDatabases(plan);
  if (process.env.MOA_MONGODB_URL) await prepareDocuments(plan);
  if (process.env.MOA_REDIS_URL) await Promise.all(redisUsers(plan).map((user) => addRedisUser(redisAdminUrl(plan), user)));
}
