// One Redis or Valkey. Nobody gets in without a name; each service's user is confined to its own keys.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis as Client } from 'ioredis';
import { freePort } from './ports.js';
import { type ServerProcess, startProcess } from './process.js';

const SERVICE_COMMANDS = ['-@all', '+@read', '+@write', '+@connection', '+@transaction', '+@scripting', '+@pubsub', '-@dangerous', '+info'];

export interface Redis extends ServerProcess {
  readonly port: number;
  readonly adminUrl: string;
}

export interface RedisUser {
  readonly name: string;
  readonly password: string;
  /** Of the keys that it may read and write: it sees no others. */
  readonly prefix: string;
}

export interface RedisPlan {
  readonly program: string;
  readonly dataFolder: string;
  readonly password: string;
  readonly users?: readonly RedisUser[] | undefined;
  readonly port?: number | undefined;
  readonly log?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function startRedis({ program, dataFolder, password, users = [], log, signal, ...plan }: RedisPlan): Promise<Redis> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const port = plan.port ?? (await freePort());
  const configuration = join(dataFolder, 'redis.conf');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${dataFolder}"`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'user default off',
    `user moa on >${password} ~* &* +@all`,
    ...users.map((user) => `user ${user.name} ${rulesOf(user).join(' ')}`),
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`, { mode: 0o600 });
  const adminUrl = `redis://moa:${password}@127.0.0.1:${port}`;
  const server = await startProcess({
    name: 'redis',
    program,
    args: [configuration],
    cwd: dataFolder,
    log,
    signal,
    ready: () => answers(adminUrl),
  });
  return { ...server, port, adminUrl };
}

/** Adds a user to a server that runs, until it stops. */
export async function addRedisUser(adminUrl: string, user: RedisUser): Promise<void> {
  const client = connect(adminUrl);
  try {
    await client.connect();
    await client.call('ACL', 'SETUSER', user.name, 'reset', ...rulesOf(user));
  } finally {
    client.disconnect();
  }
}

const rulesOf = ({ password, prefix }: RedisUser): string[] => ['on', `>${password}`, `~${prefix}*`, `&${prefix}*`, ...SERVICE_COMMANDS];

async function answers(url: string): Promise<boolean> {
  const client = connect(url);
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } finally {
    client.disconnect();
  }
}

function connect(url: string): Client {
  const client = new Client(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  return client;
}
