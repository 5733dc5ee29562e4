// One set of servers for a whole test run: in a temporary folder, on free ports, with a migrated template of each database.
// A test file opens its own bed in them: databases copied from the templates, a NATS account, Redis users with its own prefix.
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCertificates } from './certificates.js';
import { closeCommonDatabases, ensureDatabase, inDatabase, withClient } from './databases.js';
import { migrate } from './migrate.js';
import { findMongod } from './programs.js';
import { findServer } from './servers/find-server.js';
import { startMongo } from './servers/mongo.js';
import { type NatsAccounts, servicePermissions, startNats } from './servers/nats.js';
import { startPostgres } from './servers/postgres.js';
import { startRedis } from './servers/redis.js';
import { natsSource, postgresSource, redisSource } from './servers/sources.js';
import { removeElsewhere } from './servers/unprivileged.js';
import { whenOrphaned } from './servers/when-orphaned.js';
import { durablesOf, hasDatabase, migrationsOf, presentServices, root, type Service, services } from './services.js';
import { TEST_PASSWORD, type TestServers, TOY, templateOf } from './test-bed.js';

const KIT_TABLES = 'packages/kit/sql/0000_kit.sql';
/** Accounts are made ahead, since NATS reads them from its configuration. */
const BEDS = 300;

export interface RunningTestServers {
  readonly servers: TestServers;
  readonly env: { readonly MOA_TEST_SERVERS: string };
  stop(): Promise<void>;
}

/** Starts the set. Its processes end with this one, however that ends. Only what is `durable` outlives a power cut, as in production. */
export async function startTestServers(durable = false): Promise<RunningTestServers> {
  const programs = join(root, '.moa/servers');
  const [postgresProgram, redisProgram, natsProgram] = await Promise.all([
    findServer(postgresSource, programs),
    findServer(redisSource, programs),
    findServer(natsSource, programs),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'moa-servers-'));
  // Postgres may run as another user, who has to pass through here.
  chmodSync(folder, 0o755);
  // Its servers end by themselves then.
  const unwatch = whenOrphaned('sleep 5; rm -rf "$1"', folder);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    unwatch();
    await Promise.all(started.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
    removeElsewhere(join(folder, 'postgres'));
  };
  try {
    const certificates = join(folder, 'certificates');
    const keep = <T extends { stop(): Promise<void> }>(server: T): T => {
      started.push(server);
      return server;
    };
    const withDatabase = presentServices().filter(hasDatabase);
    const [postgresUrl, redis, nats, mongo] = await allOrNone([
      startPostgres({ program: postgresProgram, dataFolder: join(folder, 'postgres'), password: TEST_PASSWORD, durable }).then(
        async (postgres) => {
          keep(postgres);
          await makeTemplates(postgres.adminUrl, withDatabase);
          return postgres.adminUrl;
        },
      ),
      startRedis({ program: redisProgram, dataFolder: join(folder, 'redis'), password: TEST_PASSWORD }).then(keep),
      startNats({ program: natsProgram, dataFolder: join(folder, 'nats'), accounts: accountsForBeds() }).then(keep),
      findMongod()
        .then((program) => startMongo({ program, dataFolder: join(folder, 'mongo'), password: TEST_PASSWORD, durable }))
        .then(keep),
      ensureCertificates(certificates, [...services.map(({ name }) => name), 'envoy', 'stack', TOY, 'stranger']),
    ]);
    const servers: TestServers = {
      postgresUrl,
      redisUrl: redis.adminUrl,
      mongoUrl: mongo.adminUrl,
      natsPort: nats.port,
      certificates: join(certificates, 'current'),
      templates: withDatabase.map(({ name }) => name),
    };
    return { servers, env: { MOA_TEST_SERVERS: JSON.stringify(servers) }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeTemplates(adminUrl: string, withDatabase: readonly Service[]): Promise<void> {
  await withClient(adminUrl, (admin) => admin.query(`CREATE SEQUENCE bed MAXVALUE ${BEDS}`));
  await closeCommonDatabases(adminUrl);
  await ensureDatabase(adminUrl, templateOf(TOY), TOY, TEST_PASSWORD);
  await withClient(inDatabase(adminUrl, templateOf(TOY)), (admin) => admin.query(readFileSync(join(root, KIT_TABLES), 'utf8')));
  await Promise.all(
    withDatabase.map(async (service) => {
      await ensureDatabase(adminUrl, templateOf(service.name), service.name, TEST_PASSWORD);
      await migrate(inDatabase(adminUrl, templateOf(service.name)), migrationsOf(service));
    }),
  );
}

function accountsForBeds(): NatsAccounts {
  const users = services.flatMap((service) =>
    service.publishes === undefined
      ? []
      : [{ name: service.name, permissions: servicePermissions(service.name, service.publishes, durablesOf(service)) }],
  );
  return Object.fromEntries(
    Array.from({ length: BEDS }, (_, index) => [
      `BED${index + 1}`,
      [...users, { name: 'test' }].map((user) => ({ ...user, name: `bed${index + 1}-${user.name}`, password: TEST_PASSWORD })),
    ]),
  );
}

// Waits for all, so that after a failure nothing is still on its way up.
async function allOrNone<T extends readonly unknown[]>(works: readonly [...{ [K in keyof T]: Promise<T[K]> }]): Promise<T> {
  await Promise.allSettled(works);
  return Promise.all(works) as unknown as Promise<T>;
}
