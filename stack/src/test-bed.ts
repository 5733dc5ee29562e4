// What one test file takes of the run's servers. Every test file loads this, so it loads little.
import { databaseUrl, ensureDatabase, mongoUrl, withClient } from './databases.js';
import { migrateDocuments } from './migrate.js';
import { addRedisUser } from './servers/redis.js';
import { documentMigrationOf, keepsDocuments, services } from './services.js';

export const TEST_PASSWORD = 'test';
/** Stands for whatever is no service: it has the kit's tables only. */
export const TOY = 'toy';

/** What a test file needs to know; passed to it as JSON in MOA_TEST_SERVERS. */
export interface TestServers {
  readonly postgresUrl: string;
  readonly redisUrl: string;
  readonly mongoUrl: string;
  readonly natsPort: number;
  readonly certificates: string;
  /** The services that have a template. */
  readonly templates: readonly string[];
}

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

/** A store of documents of the bed's own, with the service's indexes; gives where it is. */
export async function makeDocuments(servers: TestServers, bed: string, name: string): Promise<string> {
  const url = mongoUrl(servers.mongoUrl, `${bed}_${name}`);
  await migrateDocuments(documentMigrationOf(serviceCalled(name)!), url);
  return url;
}

/** Whether a service keeps documents, and has no tables. A name that is no service's has tables. */
export function keepsDocumentsOnly(name: string): boolean {
  const service = serviceCalled(name);
  return service !== undefined && keepsDocuments(service);
}

const serviceCalled = (name: string) => services.find((service) => service.name === name);

/** NATS as a service of the list sees it; for any other name as a user who may do everything in the bed. */
export function natsUrl({ natsPort }: TestServers, bed: string, service: string): string {
  const user = services.some(({ name, publishes }) => name === service && publishes) ? service : 'test';
  return `nats://${bed}-${user}:${TEST_PASSWORD}@127.0.0.1:${natsPort}`;
}

/** The database that a service's test databases are copied from. */
export const templateOf = (service: string): string => `template_${service}`;

export { inDatabase } from './databases.js';
