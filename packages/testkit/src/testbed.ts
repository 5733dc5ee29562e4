// One test file's own part of the run's servers: databases, a NATS account, Redis keys, tokens and a clock.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Metadata } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@moa/contracts/method';
import { type HostConfig, hostVariables, readConfig } from '@moa/kit';
import { bedNumber, copyTemplate, inDatabase, keepsDocumentsOnly, makeDocuments, makeRedisUser, natsUrl } from '@moa/stack/test-bed';
import { type Connected, connectAs } from './connect.js';
import { useServers } from './servers.js';
import { bearer, ISSUER, openTokenMaker, type TokenMaker } from './tokens.js';

export interface Testbed {
  /** Everything the stack would tell a service in its environment, for a service in this process or one of its own. Ports are free ones. */
  environment(service: string): Promise<Record<string, string>>;
  /** The part of it that every service shares, as `openHost` takes it. A name that is no service's has the kit's tables only. */
  config(service: string): Promise<HostConfig>;
  /** The service's own migrated database, as its owner: for what a test checks or prepares behind the service's back. */
  databaseUrl(service: string): Promise<string>;
  /** NATS as a user that may do everything in this bed. */
  readonly natsUrl: string;
  /** The folder of a name's certificates: "envoy", a service, or "stranger", who is on no list. */
  certificates(name: string): string;
  /** Metadata with a real token of an account, by default a USER's. */
  as(accountId: string, ...roles: string[]): Promise<Metadata>;
  /** The token itself. */
  readonly token: TokenMaker['token'];
  readonly revoke: TokenMaker['revoke'];
  readonly sayAuthTime: TokenMaker['sayAuthTime'];
  /** A client over mutual TLS with somebody's certificate: Envoy's unless said otherwise, none for `null`. Closed with the bed. */
  connect<S extends ServiceDefinition>(service: S, address: string, options?: { readonly as?: string | null }): Connected<S>;
  /** Moves the clock of every service of this bed; forward for positive numbers. */
  shiftClock(byMs: number): void;
  /** The bed's time. */
  now(): Date;
  close(): Promise<void>;
}

/** Opens a test file's bed. Everything in it is made when it is first asked for. `durable`: Postgres flushes to disk, as in production. */
export async function openTestbed(name: string, { durable = false } = {}): Promise<Testbed> {
  const { servers, release } = await useServers(durable);
  const bed = `bed${await bedNumber(servers)}`;
  const folder = mkdtempSync(join(tmpdir(), `moa-${name}-`));
  const clockFile = join(folder, 'clock.json');
  const certificates = (owner: string) => join(servers.certificates, owner);
  const clients: { close(): void }[] = [];
  const made = new Map<string, Promise<unknown>>();
  let offsetMs = 0;

  const once = <T>(what: string, make: () => Promise<T>): Promise<T> => {
    if (!made.has(what)) made.set(what, make());
    return made.get(what) as Promise<T>;
  };
  const now = () => new Date(Date.now() + offsetMs);
  const tokens = await openTokenMaker(servers.certificates, now);
  const database = (service: string) => once(`database ${service}`, () => copyTemplate(servers, service, `${bed}_${service}`));
  const documents = (service: string) => once(`documents ${service}`, () => makeDocuments(servers, bed, service));
  const redis = (service: string) => once(`redis ${service}`, () => makeRedisUser(servers, bed, service));

  const environment = async (service: string): Promise<Record<string, string>> => ({
    LISTEN: '127.0.0.1:0',
    METRICS_LISTEN: '127.0.0.1:0',
    CERTIFICATES: certificates(service),
    ...(keepsDocumentsOnly(service) ? { MONGODB_URL: await documents(service) } : { DATABASE_URL: await database(service) }),
    ...(await redis(service)),
    NATS_URL: natsUrl(servers, bed, service),
    NATS_PREFIX: '',
    ISSUER,
    AUTH_ADDRESS: tokens.address,
    CLOCK_FILE: clockFile,
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
    DRAIN_MS: '0',
  });
  return {
    environment,
    config: async (service) => readConfig(hostVariables, await environment(service)),
    databaseUrl: async (service) => inDatabase(servers.postgresUrl, new URL(await database(service)).pathname.slice(1)),
    natsUrl: natsUrl(servers, bed, 'test'),
    certificates,
    token: tokens.token,
    revoke: tokens.revoke,
    sayAuthTime: tokens.sayAuthTime,
    as: async (accountId, ...roles) => bearer(await tokens.token(accountId, roles.length > 0 ? { roles } : {})),
    connect(service, address, { as = 'envoy' } = {}) {
      const client = connectAs(service, address, certificates(as ?? 'envoy'), as !== null);
      clients.push(client);
      return client;
    },
    shiftClock(byMs) {
      offsetMs += byMs;
      writeFileSync(clockFile, JSON.stringify({ offsetMs }));
    },
    now,
    async close() {
      for (const client of clients) client.close();
      tokens.close();
      rmSync(folder, { recursive: true, force: true });
      await release();
    },
  };
}
