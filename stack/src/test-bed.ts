// What one test file takes of the run's servers.
import { databaseUrl, ensureDatabase, withClient } from './databases.js';
import { addRedisUser } from './servers/redis.js';
import { services } from './services.js';
import { TEST_PASSWORD, type TestServers, TOY, templateOf } from './test-servers.js';

/** A number that no other test file of the run has. */
export const bedNumber = ({ postgresUrl }: TestServers): Promise<number> =>
  withClient(postgresUrl, async (admin) => Number((await admin.query(`SELECT nextval('bed')`)).rows[0].nextval));

/** A database of the bed's own, with the service's tables, as the service's role sees it. */
export async function copyTemplate({ postgresUrl, templates }: TestServers, service: string, database: string): Promise<string> {
  const template = templates.includes(service) ? service : TOY;
  await ensureDatabase(postgresUrl, database, template, TEST_PASSWORD, templateOf(template));
  return databaseUrl(postgresUrl, database, template, TEST_PASSWORD);
}

export async function makeRedisUser(
  { redisUrl }: TestServers,
  bed: string,
  service: string,
): Promise<{ REDIS_URL: string; REDIS_PREFIX: string }> {
  const prefix = `${bed}:moa:${service}:`;
  await addRedisUser(redisUrl, { name: `${bed}-${service}`, password: TEST_PASSWORD, prefix });
  const url = new URL(redisUrl);
  url.username = `${bed}-${service}`;
  return { REDIS_URL: url.href, REDIS_PREFIX: prefix };
}

/** NATS as a service of the list sees it; for any other name as a user who may do everything in the bed. */
export function natsUrl({ natsPort }: TestServers, bed: string, service: string): string {
  const user = services.some(({ name, publishes }) => name === service && publishes) ? service : 'test';
  return `nats://${bed}-${user}:${TEST_PASSWORD}@127.0.0.1:${natsPort}`;
}
