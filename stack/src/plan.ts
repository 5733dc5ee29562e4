// Everything about one stack that is known before anything starts: folders, ports, passwords, addresses.
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { explained } from '#setup/explain.mjs';
import { authorityFile } from './certificates.js';
import { type Copies, checkCopies, copyNames } from './copies.js';
import { databaseUrl, mongoUrl } from './databases.js';
import { portOwner } from './port-owner.js';
import { findMongod } from './programs.js';
import { openSecrets, type Secrets } from './secrets.js';
import { adminUrlOf, type MongoUser } from './servers/mongo.js';
import { type NatsUser, servicePermissions } from './servers/nats.js';
import { freePorts, isFree } from './servers/ports.js';
import type { RedisUser } from './servers/redis.js';
import { durablesOf, hasDatabase, keepsDocuments, presentServices, root, type Service } from './services.js';

export const ISSUER = 'https://moa.example';

export interface StackOptions {
  /** Where data, logs and secrets are: .moa of the checkout by default. One stack for a folder. */
  readonly folder?: string;
  /** Of the door; a free one by default. */
  readonly port?: number;
  /** TLS at the door. */
  readonly tls?: boolean;
  /** How many processes a service has; one where it is not said. */
  readonly copies?: Copies;
  /** No progress, and no output of services. */
  readonly quiet?: boolean;
  /** What a service, or one copy of it, finds in its environment besides: read at each of its starts, so a test may change it and restart the service. */
  readonly environment?: Readonly<Record<string, Record<string, string>>>;
  /** Multiplies the door's limits of calls: all of a machine's people have one address. */
  readonly rateFactor?: number;
  /** Whose pages may call, besides the door's own. */
  readonly allowedOrigins?: readonly string[];
}

export interface Plan {
  readonly folder: string;
  readonly quiet: boolean;
  readonly tls: boolean;
  readonly rateFactor: number;
  readonly allowedOrigins: readonly string[];
  readonly secrets: Secrets;
  readonly services: readonly Service[];
  readonly copies: Copies;
  readonly publicPort: number;
  readonly envoyAdminPort: number;
  readonly postgresPort: number;
  readonly redisPort: number;
  readonly mongoPort: number;
  /** A real mongod; without one our own server is started. */
  readonly mongod: string | undefined;
  readonly natsPort: number;
  readonly natsMonitorPort: number;
  readonly sandboxPort: number;
  readonly smtpPort: number;
  readonly mailboxPort: number;
  /** By the name of the process: "funding", "funding-2". */
  readonly addresses: Readonly<Record<string, { readonly grpc: string; readonly metrics: string; readonly http: string }>>;
  readonly clockFile: string;
  /** Changes when the certificates do: `current` in it is a link to them. */
  readonly certificates: string;
  readonly environment: Readonly<Record<string, Record<string, string>>>;
}

const DEFAULT_RATE_FACTOR = 100;
// Until everybody has noticed that this copy is going, calls may still come to it.
const DRAIN_MS = 3_000;

export async function planStack(options: StackOptions): Promise<Plan> {
  const folder = options.folder ?? join(root, '.moa');
  const secrets = openFolder(folder);
  if (options.port !== undefined && !(await isFree(options.port))) throw portTaken(options.port);

  const services = presentServices();
  const { copies = {} } = options;
  checkCopies(copies, services);
  const processes = services.flatMap(({ name }) => copyNames(copies, name));
  const ports = await freePorts(10 + processes.length * 3);
  const next = () => ports.pop()!;
  const address = () => `127.0.0.1:${next()}`;
  return {
    folder,
    quiet: options.quiet ?? false,
    tls: options.tls ?? false,
    rateFactor: options.rateFactor ?? DEFAULT_RATE_FACTOR,
    allowedOrigins: options.allowedOrigins ?? [],
    secrets,
    services,
    copies,
    publicPort: options.port ?? next(),
    envoyAdminPort: next(),
    postgresPort: next(),
    redisPort: next(),
    mongoPort: next(),
    mongod: await findMongod(),
    natsPort: next(),
    natsMonitorPort: next(),
    sandboxPort: next(),
    smtpPort: next(),
    mailboxPort: next(),
    addresses: Object.fromEntries(processes.map((name) => [name, { grpc: address(), metrics: address(), http: address() }])),
    clockFile: join(folder, 'clock.json'),
    certificates: join(folder, 'certificates'),
    environment: options.environment ?? {},
  };
}

function openFolder(folder: string): Secrets {
  try {
    mkdirSync(join(folder, 'data'), { recursive: true });
    // Postgres may run as another user, who has to pass through. What is in here is closed by itself.
    if (process.getuid?.() === 0) chmodSync(folder, statSync(folder).mode | 0o011);
    return openSecrets(join(folder, 'secrets.json'));
  } catch (error) {
    throw explained(`work in ${folder}`, error as Error);
  }
}

const portTaken = (port: number) =>
  Object.assign(new Error(`port ${port} is taken`), {
    explained: `Port ${port} is taken${ownerOf(port)}. End that, or choose another: npm start -- --port ${port + 1}`,
  });

function ownerOf(port: number): string {
  const owner = portOwner(port);
  return owner ? ` by ${owner}` : '';
}

export const publicUrl = (plan: Plan): string => `${plan.tls ? 'https' : 'http'}://localhost:${plan.publicPort}`;
export const sandboxUrl = (plan: Plan): string => `http://127.0.0.1:${plan.sandboxPort}`;

/** Another server than our mailbox (MOA_SMTP_URL) delivers for real, and wants a sender that it knows (MOA_MAIL_FROM). */
const smtpUrl = (plan: Plan): string => process.env.MOA_SMTP_URL ?? `smtp://127.0.0.1:${plan.smtpPort}`;
const mailFrom = (): string => process.env.MOA_MAIL_FROM ?? 'Moa <no-reply@moa.example>';
export const mailboxUrl = (plan: Plan): string | undefined =>
  process.env.MOA_SMTP_URL ? undefined : `http://127.0.0.1:${plan.mailboxPort}`;

export const certificatesOf = (plan: Plan, name: string): string => join(plan.certificates, 'current', name);
/** Whom callers have to trust at the door; undefined without TLS. */
export const doorAuthority = (plan: Plan): string | undefined => (plan.tls ? authorityFile(plan.certificates) : undefined);
export const withDatabase = (plan: Plan): Service[] => plan.services.filter(hasDatabase);

/** As the owner of all databases. Another server than ours: MOA_POSTGRES_URL. */
export const postgresAdminUrl = (plan: Plan): string =>
  process.env.MOA_POSTGRES_URL ?? `postgres://moa:${plan.secrets.of('postgres.moa')}@127.0.0.1:${plan.postgresPort}/postgres`;

export const redisAdminUrl = (plan: Plan): string =>
  process.env.MOA_REDIS_URL ?? `redis://moa:${plan.secrets.of('redis.moa')}@127.0.0.1:${plan.redisPort}`;

/** As who sees all databases. Another server than ours: MOA_MONGODB_URL. */
export const mongoAdminUrl = (plan: Plan): string =>
  process.env.MOA_MONGODB_URL ?? adminUrlOf(plan.mongoPort, plan.secrets.of('mongo.moa'), plan.mongod !== undefined);

export const mongoUsers = (plan: Plan): MongoUser[] =>
  plan.services.filter(keepsDocuments).map(({ name }) => ({ name, password: plan.secrets.of(`mongo.${name}`), database: name }));

/** Each service's documents, as who sees all. */
export const documentUrls = (plan: Plan): Record<string, string> =>
  Object.fromEntries(plan.services.filter(keepsDocuments).map(({ name }) => [name, mongoUrl(mongoAdminUrl(plan), name)]));

/** Where a service's documents are. */
export const mongoUrlOf = (plan: Plan, service: string): string =>
  // Another server has the users that its owner gave it: every service then comes as the one in the address.
  mongoUrl(
    mongoAdminUrl(plan),
    service,
    process.env.MOA_MONGODB_URL ? undefined : { name: service, password: plan.secrets.of(`mongo.${service}`) },
  );

/** Another server than ours (MOA_NATS_URL) has the users that its owner gave it: every service then comes as the one in the address. */
export const natsAdminUrl = (plan: Plan): string =>
  process.env.MOA_NATS_URL ?? `nats://moa:${plan.secrets.of('nats.moa')}@127.0.0.1:${plan.natsPort}`;

export const redisUsers = (plan: Plan): RedisUser[] =>
  plan.services
    .filter(({ stores }) => stores.includes('redis'))
    .map(({ name }) => ({ name, password: plan.secrets.of(`redis.${name}`), prefix: redisPrefix(name) }));

export function natsUsers(plan: Plan): NatsUser[] {
  const users = plan.services.flatMap((service): NatsUser[] => {
    if (service.publishes === undefined) return [];
    const permissions = servicePermissions(service.name, service.publishes, durablesOf(service));
    return [{ name: service.name, password: plan.secrets.of(`nats.${service.name}`), permissions }];
  });
  return [...users, { name: 'moa', password: plan.secrets.of('nats.moa') }];
}

const redisPrefix = (service: string): string => `moa:${service}:`;

/** The processes of a service. */
export const copiesOf = (plan: Plan, service: string): string[] => copyNames(plan.copies, service);

/** What a process of a service is told in its environment. */
export function environmentOf(plan: Plan, service: Service, name = service.name): Record<string, string> {
  const { grpc, metrics, http } = plan.addresses[name]!;
  const redis = new URL(redisAdminUrl(plan));
  return {
    LISTEN: grpc,
    METRICS_LISTEN: metrics,
    ...(service.http && { HTTP_LISTEN: http }),
    CERTIFICATES: certificatesOf(plan, service.name),
    ...(hasDatabase(service) && {
      DATABASE_URL: databaseUrl(postgresAdminUrl(plan), service.name, service.name, plan.secrets.of(`postgres.${service.name}`)),
    }),
    ...(service.stores.includes('redis') && {
      REDIS_URL: `redis://${service.name}:${plan.secrets.of(`redis.${service.name}`)}@${redis.host}`,
      REDIS_PREFIX: redisPrefix(service.name),
    }),
    ...(keepsDocuments(service) && { MONGODB_URL: mongoUrlOf(plan, service.name) }),
    ...(service.publishes && { NATS_URL: natsUrlOf(plan, service.name) }),
    ISSUER,
    ...Object.fromEntries([...service.calls, ...(service.asks ?? [])].flatMap((callee) => addressesOf(plan, callee))),
    CLOCK_FILE: plan.clockFile,
    // Who is alone has no other copy to send calls to while it drains.
    DRAIN_MS: String(copiesOf(plan, service.name).length > 1 ? DRAIN_MS : 0),
    ...service.environment?.({ secrets: plan.secrets, sandboxUrl: sandboxUrl(plan), smtpUrl: smtpUrl(plan), mailFrom: mailFrom() }),
    ...plan.environment[service.name],
    ...(name !== service.name && plan.environment[name]),
  };
}

const natsUrlOf = (plan: Plan, service: string): string =>
  process.env.MOA_NATS_URL ?? `nats://${service}:${plan.secrets.of(`nats.${service}`)}@127.0.0.1:${plan.natsPort}`;

function addressesOf(plan: Plan, callee: string): [string, string][] {
  const addresses = copiesOf(plan, callee).flatMap((name) => plan.addresses[name]?.grpc ?? []);
  return addresses.length > 0 ? [[`${callee.toUpperCase()}_ADDRESS`, addresses.join(',')]] : [];
}
