// One NATS server with JetStream. Each service has a user that publishes its own domain's events only.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from './ports.js';
import { type ServerProcess, startProcess } from './process.js';

export interface Nats extends ServerProcess {
  readonly port: number;
  readonly monitorPort: number;
}

export interface NatsUser {
  readonly name: string;
  readonly password: string;
  /** Undefined: may do everything within its account. */
  readonly permissions?: NatsPermissions;
}

export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Users of different accounts do not see each other's subjects and streams. */
export type NatsAccounts = Readonly<Record<string, readonly NatsUser[]>>;

export interface NatsPlan {
  readonly program: string;
  readonly dataFolder: string;
  readonly accounts: NatsAccounts;
  readonly port?: number | undefined;
  readonly monitorPort?: number | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function startNats({ program, dataFolder, accounts, log, signal, ...plan }: NatsPlan): Promise<Nats> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const [port = 0, monitorPort = 0] = plan.port && plan.monitorPort ? [plan.port, plan.monitorPort] : await freePorts(2);
  const configuration = join(dataFolder, 'nats.conf');
  writeFileSync(configuration, render({ port, monitorPort, dataFolder, accounts }), { mode: 0o600 });
  const ready = async () => (await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).ok;
  const server = await startProcess({ name: 'nats', program, args: ['-c', configuration], cwd: dataFolder, log, signal, ready });
  return { ...server, port, monitorPort };
}

/** What a service may do: publish its domain's events, keep its own stream, and read any stream by its own durables. */
export function servicePermissions(service: string, domain: string, durables: readonly string[]): NatsPermissions {
  const stream = domain.toUpperCase();
  return {
    publish: [
      `moa.${domain}.>`,
      '$JS.API.INFO',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.INFO.*',
      ...['CREATE', 'UPDATE', 'MSG.GET'].map((action) => `$JS.API.STREAM.${action}.${stream}`),
      ...durables.flatMap((durable) => [
        `$JS.API.CONSUMER.CREATE.*.${durable}`,
        `$JS.API.CONSUMER.CREATE.*.${durable}.>`,
        // What the client uses for a consumer of several subjects.
        `$JS.API.CONSUMER.DURABLE.CREATE.*.${durable}`,
        `$JS.API.CONSUMER.INFO.*.${durable}`,
        `$JS.API.CONSUMER.DELETE.*.${durable}`,
        `$JS.API.CONSUMER.MSG.NEXT.*.${durable}`,
        // The second form names the account, too: newer servers use it.
        `$JS.ACK.*.${durable}.>`,
        `$JS.ACK.*.*.*.${durable}.>`,
      ]),
    ],
    // Every service hears at once of tokens that are not good any more.
    subscribe: [`_INBOX_${service}.>`, `moa.${domain}.wake`, `moa.${domain}.live.*`, 'moa.auth.v1.SessionRevoked.*'],
  };
}

// The configuration's syntax is a superset of JSON. Synced before every acknowledgement: the default loses two minutes of them.
function render({
  port,
  monitorPort,
  dataFolder,
  accounts,
}: Pick<Nats, 'port' | 'monitorPort'> & Pick<NatsPlan, 'dataFolder' | 'accounts'>): string {
  const configuration = {
    host: '127.0.0.1',
    port,
    http: `127.0.0.1:${monitorPort}`,
    // Streams have their own limits; the server would count those as taken, and refuse a stream for want of room on a small disk.
    jetstream: { store_dir: join(dataFolder, 'jetstream'), sync_interval: 'always', max_file_store: 100 * 2 ** 40 },
    max_payload: 1_048_576,
    accounts: Object.fromEntries(
      Object.entries(accounts).map(([name, users]) => [name, { jetstream: 'enabled', users: users.map(renderUser) }]),
    ),
  };
  return JSON.stringify(configuration, null, 1);
}

const renderUser = ({ name, password, permissions }: NatsUser) => ({
  user: name,
  password,
  ...(permissions && { permissions: { publish: { allow: permissions.publish }, subscribe: { allow: permissions.subscribe } } }),
});
