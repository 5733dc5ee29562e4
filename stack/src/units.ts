// The processes of a stack, each listed after what it needs.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Edge, writeEnvoy } from '@moa/envoy';
import { step } from '#setup/progress.mjs';
import { DOOR } from './certificates.js';
import { healthCheck } from './health.js';
import type { Unit } from './keeper.js';
import { noteProcess } from './leftovers.js';
import type { Logs } from './logs.js';
import {
  certificatesOf,
  copiesOf,
  doorAuthority,
  environmentOf,
  ISSUER,
  mailboxUrl,
  mongoUsers,
  natsUsers,
  type Plan,
  publicUrl,
  redisUsers,
  sandboxUrl,
} from './plan.js';
import { prepareDatabases, prepareDocuments } from './prepare.js';
import type { Programs } from './programs.js';
import { startEnvoy } from './servers/envoy.js';
import { startMailbox } from './servers/mailbox.js';
import { startMongo } from './servers/mongo.js';
import { startNats } from './servers/nats.js';
import { startPostgres } from './servers/postgres.js';
import { type ServerProcess, startProcess } from './servers/process.js';
import { startRedis } from './servers/redis.js';
import { mainOf, root, type Service } from './services.js';

interface Starting {
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

type Start = (starting: Starting) => Promise<ServerProcess>;

export function unitsOf(plan: Plan, programs: Programs, logs: Logs): Unit[] {
  const data = (name: string) => join(plan.folder, 'data', name);
  const password = (server: string) => plan.secrets.of(`${server}.moa`);
  const unit = (name: string, needs: readonly string[], start: Start, prepare?: () => Promise<void>): Unit => {
    const starting = (signal: AbortSignal) => start({ log: logs.of(name, name in plan.addresses), signal });
    let startedBefore = false;
    return {
      name,
      needs,
      async start(signal) {
        if (startedBefore) return noted(plan, await starting(signal));
        const server = await step(`starting ${name}`, () => starting(signal));
        await prepare?.().catch(async (error) => {
          await server.stop();
          throw error;
        });
        startedBefore = true;
        return noted(plan, server);
      },
    };
  };

  const servers = [unit('sandbox', [], (starting) => startSandbox(plan, data('sandbox'), starting))];
  if (mailboxUrl(plan)) {
    const mailbox = { dataFolder: data('mailbox'), smtpPort: plan.smtpPort, httpPort: plan.mailboxPort };
    servers.push(unit('mailbox', [], (starting) => startMailbox({ ...mailbox, ...starting })));
  }
  if (programs.nats) {
    const nats = {
      program: programs.nats,
      dataFolder: data('nats'),
      accounts: { MOA: natsUsers(plan) },
      port: plan.natsPort,
      monitorPort: plan.natsMonitorPort,
    };
    servers.push(unit('nats', [], (starting) => startNats({ ...nats, ...starting })));
  }
  if (programs.postgres) {
    const postgres = { program: programs.postgres, dataFolder: data('postgres'), password: password('postgres'), port: plan.postgresPort };
    servers.push(
      unit(
        'postgres',
        [],
        (starting) => startPostgres({ ...postgres, ...starting }),
        () => prepareDatabases(plan),
      ),
    );
  }
  if (programs.redis) {
    const redis = {
      program: programs.redis,
      dataFolder: data('redis'),
      password: password('redis'),
      users: redisUsers(plan),
      port: plan.redisPort,
    };
    servers.push(unit('redis', [], (starting) => startRedis({ ...redis, ...starting })));
  }
  if (!process.env.MOA_MONGODB_URL && mongoUsers(plan).length > 0) {
    const mongo = {
      program: plan.mongod,
      dataFolder: data('mongo'),
      password: password('mongo'),
      users: mongoUsers(plan),
      port: plan.mongoPort,
    };
    servers.push(
      unit(
        'mongo',
        [],
        (starting) => startMongo({ ...mongo, ...starting }),
        () => prepareDocuments(plan),
      ),
    );
  }
  const present = new Set([...servers.map(({ name }) => name), ...Object.keys(plan.addresses)]);
  const services = plan.services.flatMap((service) => {
    const callees = service.calls.flatMap((callee) => copiesOf(plan, callee));
    const needs = ['nats', 'sandbox', 'mailbox', ...service.stores, ...callees].filter((name) => present.has(name));
    return copiesOf(plan, service.name).map((name) => unit(name, needs, (starting) => startService(plan, service, name, starting)));
  });
  const envoy = unit(
    'envoy',
    services.map(({ name }) => name),
    (starting) => {
      const configuration = writeEnvoy(edgeOf(plan), join(plan.folder, 'envoy'));
      return startEnvoy({ program: programs.envoy, configuration, adminPort: plan.envoyAdminPort, ...starting });
    },
  );
  return [...servers, ...services, envoy];
}

// Written down for as long as it runs: see leftovers.
function noted(plan: Plan, server: ServerProcess): ServerProcess {
  const forget = noteProcess(join(plan.folder, 'run'), server.name, server.pid, server.stopSignal);
  void server.ended.then(forget);
  return server;
}

function startService(plan: Plan, service: Service, name: string, starting: Starting): Promise<ServerProcess> {
  return startProcess({
    name,
    program: process.execPath,
    args: ['--enable-source-maps', mainOf(service)],
    // From Node 22 on, compiled code is kept, and a restart is quicker.
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, '.moa/compile-cache'), ...environmentOf(plan, service, name) },
    cwd: join(root, service.folder),
    ready: healthCheck(plan.addresses[name]!.grpc, service.name, certificatesOf(plan, 'stack')),
    ...starting,
  });
}

function startSandbox(plan: Plan, dataFolder: string, starting: Starting): Promise<ServerProcess> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const env = {
    LISTEN: `127.0.0.1:${plan.sandboxPort}`,
    DATA_FOLDER: dataFolder,
    API_KEY: plan.secrets.of('provider.api-key'),
    WEBHOOK_SECRET: plan.secrets.of('provider.webhook-secret'),
    // As a provider outside would: through the door.
    WEBHOOK_URL: `${publicUrl(plan)}/webhooks/sandbox`,
    ...(plan.tls && { NODE_EXTRA_CA_CERTS: doorAuthority(plan) }),
  };
  return startProcess({
    name: 'sandbox',
    program: process.execPath,
    args: [join(root, 'packages/sandbox-provider/dist/src/main.js')],
    env: { ...process.env, ...env, ...plan.environment.sandbox },
    ready: async () => (await fetch(`${sandboxUrl(plan)}/healthz`)).ok,
    ...starting,
  });
}

function edgeOf(plan: Plan): Edge {
  const where = (service: string) => copiesOf(plan, service).flatMap((name) => plan.addresses[name] ?? []);
  return {
    listen: `127.0.0.1:${plan.publicPort}`,
    adminListen: `127.0.0.1:${plan.envoyAdminPort}`,
    clusters: Object.fromEntries(
      plan.services.filter(({ name }) => name !== 'gateway').map(({ name }) => [name, where(name).map(({ grpc }) => grpc)]),
    ),
    gateway: { grpc: where('gateway').map(({ grpc }) => grpc), http: where('gateway').map(({ http }) => http) },
    certificates: { folder: certificatesOf(plan, 'envoy'), watched: plan.certificates },
    ...(plan.tls && { publicCertificates: { folder: certificatesOf(plan, DOOR), watched: plan.certificates } }),
    issuer: ISSUER,
    allowedOrigins: [publicUrl(plan), ...plan.allowedOrigins],
    rateFactor: plan.rateFactor,
  };
}
