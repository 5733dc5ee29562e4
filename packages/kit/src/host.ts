// What a service opens first: its certificate, its clock, its log, and whatever it asks for of database, events, peers and jobs. It starts
// to answer with listen(), and stops in the reverse order.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '@grpc/grpc-js';
import { AccountServiceDefinition } from '@moa/contracts/auth/v1/account_service';
import { SessionRevoked } from '@moa/contracts/auth/v1/auth_events';
import { AuthServiceDefinition } from '@moa/contracts/auth/v1/auth_service';
import { domainOf } from '@moa/contracts/descriptors';
import type { ServiceDefinition } from '@moa/contracts/method';
import type { PrismaPg } from '@prisma/adapter-pg';
import { HealthImplementation } from 'grpc-health-check';
import { Gauge, type Registry } from 'prom-client';
import { askAuth, type TokenAuthority } from './authority.js';
import { type Identify, tokenVerifier } from './caller.js';
import { type Clock, realClock, shiftedClock } from './clock.js';
import type { HostConfig } from './config.js';
import { connect, type Remote } from './connect.js';
import { type Database, openDatabase, type PrismaLike } from './database.js';
import type { Documents } from './documents.js';
import { startConsumer } from './events/consume.js';
import { groupBy } from './events/group-by.js';
import { type Inbox, tableInbox } from './events/inbox.js';
import { connectNats, ensureStream, type Nats } from './events/nats.js';
import { tableOutbox } from './events/outbox.js';
import { startRelay } from './events/relay.js';
import { replayStreams } from './events/replay.js';
import type { Subscription } from './events/subscription.js';
import { type Job, type JobRun, startJob } from './jobs.js';
import { type Live, openLive } from './live.js';
import { createLog, type Logger, logCall } from './log.js';
import { callMetrics, createRegistry, serveMetrics } from './metrics.js';
import { forgetOld, RETENTION_EVERY_MS } from './retention.js';
import { ASKED_EVERY_MS, openRevocations } from './revocations.js';
import { addService, createServer, type Implementation } from './serve.js';
import { openStreams } from './streams.js';
import { certificatesIn } from './tls.js';

const FORCE_AFTER_MS = 10_000;

/** A service that answers. */
export interface Running {
  /** host:port of gRPC. */
  readonly address: string;
  readonly metricsAddress: string;
  /** Not ready, drain, finish what is held, close. */
  stop(): Promise<void>;
}

export interface Host {
  readonly name: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly registry: Registry;
  /** For what the chain cannot serve (streams of foreign contracts). Moa's own contracts are added by `serve`. */
  readonly server: Server;
  /** Opens the service's own database; `make` makes its Prisma client. */
  database<C extends PrismaLike>(make: (adapter: PrismaPg) => C): Database<C>;
  /** A client of another service over mutual TLS; the callee's name is that of the contract's domain. */
  connect<S extends ServiceDefinition>(definition: S, address: string): Remote<S>;
  /** Verifies tokens by what this says instead of asking auth: for auth itself. */
  verifyTokensWith(authority: TokenAuthority): void;
  serve<S extends ServiceDefinition>(definition: S, handlers: Implementation<S>): void;
  /** Owns the domain's stream, and publishes the outbox to it. */
  relay(db: Database<PrismaLike> | Documents<unknown>): Promise<void>;
  /** Handles events of other domains; each domain's stream has the durable <service>-<purpose>. */
  consume<C extends PrismaLike>(purpose: string, db: Database<C>, subscriptions: readonly Subscription<C>[]): void;
  consume<C>(purpose: string, db: Documents<C>, subscriptions: readonly Subscription<C>[]): void;
  /** Core NATS under one's own name: see Live. */
  live(): Promise<Live>;
  /** Reads streams of other domains once, from their beginning, by the durable <service>-<purpose>; gives how many events there were. */
  replay<C extends PrismaLike>(
    purpose: string,
    db: Database<C>,
    subscriptions: readonly Subscription<C>[],
    signal: AbortSignal,
  ): Promise<number>;
  job(name: string, everyMs: number, work: (run: JobRun) => Promise<void>): Job;
  onStop(close: () => Promise<void> | void): void;
  listen(): Promise<Running>;
}

/** Opens a host: see Host. `name` is the service's, as in its certificate: spiffe://moa/<name>. */
export async function openHost(name: string, config: HostConfig): Promise<Host> {
  if (config.CLOCK_FILE && config.NODE_ENV === 'production') throw new Error('CLOCK_FILE shifts the clock, which production must not');
  const log = createLog(name, config.LOG_LEVEL);
  const clock = config.CLOCK_FILE ? shiftedClock(config.CLOCK_FILE) : realClock;
  const registry = createRegistry(name);
  const certificates = certificatesIn(config.CERTIFICATES);
  const server = createServer();
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  health.addToServer(server);
  const closers: (() => Promise<void> | void)[] = [];
  // Intake ends before what it works with: consumers and jobs, then relay, then connections.
  const intake: (() => Promise<void>)[] = [];
  const measure = callMetrics(registry);
  const streams = openStreams();
  new Gauge({
    name: 'moa_open_streams',
    help: 'Streams that are open',
    registers: [registry],
    collect() {
      this.set(streams.count());
    },
  });
  const pendingEvents = new Gauge({
    name: 'moa_consumer_pending',
    help: 'Events not yet handled',
    labelNames: ['consumer', 'stream'],
    registers: [registry],
  });
  const backlog = new Gauge({
    name: 'moa_outbox_backlog',
    help: 'Events not yet published, as far as the last look saw',
    registers: [registry],
  });
  let nats: Promise<Nats> | undefined;
  let authority: TokenAuthority | undefined;
  let identify: Identify | undefined;

  const host: Host = {
    name,
    log,
    clock,
    registry,
    server,
    database(make) {
      const db = openDatabase(required('DATABASE_URL').reveal(), config.DATABASE_CONNECTIONS, make);
      closers.push(() => db.close());
      host.job('retention', RETENTION_EVERY_MS, forgetOld(db));
      return db;
    },
    connect(definition, address) {
      const remote = connect(definition, address, domainOf(definition.fullName), certificates.channel);
      closers.push(() => remote.close());
      return remote;
    },
    verifyTokensWith(own) {
      authority = own;
    },
    serve(definition, handlers) {
      addService(server, definition, handlers, {
        clock,
        streams,
        identify: (metadata) => identify!(metadata),
        authTimeOf: (sessionId, callingFor) => authority!.authTimeOf(sessionId, callingFor),
        finished: (rpc, error, durationMs, call) => {
          measure(rpc, error, durationMs);
          logCall(log, rpc, error, durationMs, call);
        },
      });
      health.setStatus(definition.fullName, 'NOT_SERVING');
      services.push(definition.fullName);
    },
    async relay(db) {
      const connection = await openNats();
      await ensureStream(connection, name, { maxBytes: config.STREAM_MAX_BYTES, maxAgeDays: config.STREAM_MAX_AGE_DAYS });
      const outbox = 'outbox' in db ? db.outbox : tableOutbox(db.url);
      const relay = startRelay(outbox, connection, name, log, backlog);
      db.wakeRelay = relay.wake;
      closers.push(() => relay.stop());
    },
    consume<C>(purpose: string, db: Database<PrismaLike> | Documents<C>, subscriptions: readonly Subscription<C>[]) {
      const inbox = 'inbox' in db ? db.inbox : (tableInbox(db) as Inbox<C>);
      const started = openNats().then((connection) =>
        groupBy(subscriptions, ({ type }) => domainOf(type)).map((ofDomain) =>
          startConsumer({
            name: `${name}-${purpose}`,
            domain: domainOf(ofDomain[0]!.type),
            inbox,
            subscriptions: ofDomain,
            nats: connection,
            clock,
            log,
            pending: pendingEvents,
          }),
        ),
      );
      intake.push(async () => {
        await Promise.all((await started).map((consumer) => consumer.stop()));
      });
    },
    live: async () => openLive(await openNats(), name),
    async replay(purpose, db, subscriptions, signal) {
      return replayStreams({ name: `${name}-${purpose}`, db, subscriptions, nats: await openNats(), clock, signal });
    },
    job(jobName, everyMs, work) {
      const job = startJob(jobName, everyMs, clock, log, work);
      intake.push(() => job.stop());
      return job;
    },
    onStop(close) {
      closers.push(close);
    },
    async listen() {
      if (services.length > 1) identify = openIdentity();
      try {
        const metrics = await serveMetrics(registry, config.METRICS_LISTEN);
        closers.unshift(metrics.close);
        await certificates.read();
        const port = await bind(server, config.LISTEN, certificates.server);
        setHealth('SERVING');
        const address = `${config.LISTEN.split(':')[0]}:${port}`;
        log.info({ address, metrics: metrics.address }, 'ready');
        return { address, metricsAddress: metrics.address, stop };
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
  // The host as a whole, and each contract that it serves.
  const services = [''];
  return host;

  function required<K extends keyof HostConfig>(key: K): NonNullable<HostConfig[K]> {
    const value = config[key];
    if (value === undefined) throw new Error(`${name} needs ${key}`);
    return value;
  }

  // Who calls, by tokens that hold: signed by auth, and not revoked since.
  function openIdentity(): Identify {
    const address = () => required('AUTH_ADDRESS');
    authority ??= askAuth(host.connect(AuthServiceDefinition, address()), host.connect(AccountServiceDefinition, address()));
    const revocations = openRevocations(authority.listRevoked, clock);
    host.job('revocations', ASKED_EVERY_MS, () =>
      revocations.refresh().catch((error) => log.warn({ error: (error as Error).message }, 'auth does not say what is revoked')),
    );
    if (config.NATS_URL) {
      void openNats().then(({ connection, subjects }) =>
        connection.subscribe(subjects.subjectOf(SessionRevoked.$type, '*'), {
          callback(_, { data }) {
            const { sessionId, version } = SessionRevoked.decode(data);
            revocations.add({ sessionId, version: Number(version), revokeTime: clock.now() });
          },
        }),
      );
    }
    return tokenVerifier(authority.keys, revocations, config.ISSUER, clock);
  }

  function openNats(): Promise<Nats> {
    if (!nats) {
      nats = connectNats(name, required('NATS_URL').reveal(), config.NATS_PREFIX);
      closers.push(async () => (await nats!).connection.close());
    }
    return nats;
  }

  function setHealth(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const service of services) health.setStatus(service, status);
  }

  async function stop(): Promise<void> {
    setHealth('NOT_SERVING');
    await sleep(config.DRAIN_MS);
    await close();
    log.info('stopped');
  }

  async function close(): Promise<void> {
    streams.endAll();
    await Promise.all([shutDown(server), ...intake.map((end) => end())]);
    // The last that was opened closes first.
    for (const closeOne of closers.reverse()) await closeOne();
  }
}

function bind(server: Server, listen: string, credentials: Parameters<Server['bindAsync']>[1]): Promise<number> {
  return new Promise((resolve, reject) => server.bindAsync(listen, credentials, (error, port) => (error ? reject(error) : resolve(port))));
}

// Waits for the calls at hand, but not for ever.
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, FORCE_AFTER_MS);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
