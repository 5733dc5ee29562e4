// What servers have to hold before services start: databases, roles, tables, users.
import { step } from '#setup/progress.mjs';
import { closeCommonDatabases, ensureDatabase, inDatabase } from './databases.js';
import { migrate } from './migrate.js';
import { type Plan, postgresAdminUrl, redisAdminUrl, redisUsers, withDatabase } from './plan.js';
import { addRedisUser } from './servers/redis.js';
import { migrationsOf } from './services.js';

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

/** For servers that are not ours to start. */
export async function prepareForeignServers(plan: Plan): Promise<void> {
  if (process.env.MOA_POSTGRES_URL) await prepareDatabases(plan);
  if (process.env.MOA_REDIS_URL) await Promise.all(redisUsers(plan).map((user) => addRedisUser(redisAdminUrl(plan), user)));
}
