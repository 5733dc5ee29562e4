// Each service has its own credentials everywhere, and they open nothing that is another's.
import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseUrl, ensureDatabase, inDatabase, withClient } from '../src/databases.js';
import { addRedisUser } from '../src/servers/redis.js';
import { TEST_PASSWORD } from '../src/test-bed.js';
import { startTestServers } from '../src/test-servers.js';

const { servers, stop } = await startTestServers();
const { postgresUrl, redisUrl } = servers;
const open: { close(): unknown }[] = [];

await Promise.all(['alpha', 'beta'].map((name) => ensureDatabase(postgresUrl, name, name, TEST_PASSWORD)));
const asRole = (role: string, database: string) => databaseUrl(postgresUrl, database, role, TEST_PASSWORD);

test("a service's role works in its own database, and cannot connect to another's nor to the common ones", async () => {
  await withClient(asRole('alpha', 'alpha'), (client) => client.query('SELECT 1'));
  for (const database of ['beta', 'postgres', 'template1']) {
    const error = await withClient(asRole('alpha', database), async () => undefined).catch((refusal) => refusal);
    assert.is(error?.code, '42501', database);
  }
});

test("a service's role reads and writes its tables, and cannot alter them or switch off their triggers", async () => {
  await withClient(inDatabase(postgresUrl, 'alpha'), (owner) => owner.query('CREATE TABLE entry (id integer PRIMARY KEY)'));
  await withClient(asRole('alpha', 'alpha'), async (client) => {
    await client.query('INSERT INTO entry VALUES (1)');
    for (const forbidden of ['ALTER TABLE entry DISABLE TRIGGER ALL', 'DROP TABLE entry', 'TRUNCATE entry', 'CREATE TABLE other ()']) {
      const error = await client.query(forbidden).catch((refusal) => refusal);
      assert.is(error.code, '42501', forbidden);
    }
  });
});

const natsAs = async (service: string): Promise<NatsConnection> => {
  const connection = await connect({
    servers: `127.0.0.1:${servers.natsPort}`,
    user: `bed1-${service}`,
    pass: TEST_PASSWORD,
    inboxPrefix: `_INBOX_${service}`,
    timeout: 1_000,
  });
  open.push(connection);
  return connection;
};
const funding = await natsAs('funding');
const payment = await natsAs('payment');
const managerOf = (connection: NatsConnection) => jetstreamManager(connection, { checkAPI: false, timeout: 1_000 });
const durable = (name: string) => ({ durable_name: name, ack_policy: AckPolicy.Explicit });

test('a service publishes and keeps the events of its own domain, and no other', async () => {
  await (await managerOf(funding)).streams.add({ name: 'FUNDING', subjects: ['moa.funding.v1.>'] });
  await jetstream(funding).publish('moa.funding.v1.PledgeCreated.1', 'true');
  for (const forged of ['moa.payment.v1.PaymentCompleted.1', 'moa.payment.wake']) {
    const error = await refusalOf(funding, () => jetstream(funding, { timeout: 500 }).publish(forged, 'forged'));
    assert.match(error, /permissions violation/i, forged);
  }
  for (const forbidden of ['PAYMENT', 'OTHER']) {
    const error = await refusalOf(funding, async () =>
      (await managerOf(funding)).streams.add({ name: forbidden, subjects: ['moa.payment.v1.>'] }),
    );
    assert.match(error, /permissions violation/i, forbidden);
  }
});

test("a service reads any stream by its own durables, and cannot touch another's", async () => {
  const manager = await managerOf(payment);
  await (await managerOf(funding)).consumers.add('FUNDING', durable('funding-payments'));
  const test = await natsAs('test');
  await (await managerOf(test)).consumers.add('FUNDING', durable('user-my-page'));
  for (const touch of [
    () => manager.consumers.info('FUNDING', 'user-my-page'),
    () => manager.consumers.delete('FUNDING', 'user-my-page'),
    () => manager.consumers.add('FUNDING', durable('user-other')),
    () => manager.streams.purge('FUNDING'),
    () => manager.streams.delete('FUNDING'),
  ]) {
    assert.match(await refusalOf(payment, touch), /permissions violation/i, String(touch));
  }
  const message = await (await jetstream(funding).consumers.get('FUNDING', 'funding-payments')).next({ expires: 1_000 });
  assert.is(message?.subject, 'moa.funding.v1.PledgeCreated.1');
  assert.ok(await message?.ackAck());
});

test("a service hears no other events than those it consumes, and nobody else's answers", async () => {
  for (const subject of ['moa.funding.v1.>', 'moa.>', '>', '_INBOX_funding.>', '$JS.ACK.>']) {
    const heard = payment.subscribe(subject);
    const error = await heard.closed.then((reason) => String(reason ?? 'allowed'));
    assert.match(error, /permissions violation/i, subject);
  }
});

test("a service's Redis user reads and writes keys with its own prefix, and no others", async () => {
  const users = ['alpha', 'beta'].map((name) => ({ name, password: TEST_PASSWORD, prefix: `moa:${name}:` }));
  await Promise.all(users.map((user) => addRedisUser(redisUrl, user)));
  const [alpha, beta] = users.map(({ name }) => redisAs(name)) as [Redis, Redis];
  const key = randomUUID();
  await beta.set(`moa:beta:${key}`, 'theirs');
  await alpha.set(`moa:alpha:${key}`, 'ours');
  assert.is(await alpha.eval(`return redis.call('get', KEYS[1])`, 1, `moa:alpha:${key}`), 'ours');
  const attempts: [string, () => Promise<unknown>][] = [
    ['get', () => alpha.get(`moa:beta:${key}`)],
    ['set', () => alpha.set(`moa:beta:${key}`, 'forged')],
    ['del', () => alpha.del(`moa:beta:${key}`)],
    ['rename', () => alpha.rename(`moa:alpha:${key}`, `moa:beta:${key}`)],
    ['eval', () => alpha.eval(`return redis.call('get', KEYS[1])`, 1, `moa:beta:${key}`)],
    ['subscribe', () => alpha.subscribe('moa:beta:news')],
    ['keys', () => alpha.keys('*')],
    ['flushall', () => alpha.flushall()],
    ['config', () => alpha.config('GET', '*')],
    ['acl', () => alpha.acl('LIST')],
  ];
  for (const [command, attempt] of attempts) assert.match(String(await attempt().catch((refusal) => refusal)), /NOPERM/, command);
});

test('nobody gets into Redis or NATS without a name', async () => {
  const anonymous = new Redis(redisUrl.replace(/\/\/.*@/, '//'), { retryStrategy: () => null });
  open.push({ close: () => anonymous.disconnect() });
  anonymous.on('error', () => {});
  assert.match(String(await anonymous.get('x').catch((refusal) => refusal)), /NOAUTH|closed/i);
  const error = await connect({ servers: `127.0.0.1:${servers.natsPort}`, reconnect: false }).catch((refusal) => refusal);
  assert.match(String(error), /authorization/i);
});

function redisAs(name: string): Redis {
  const url = new URL(redisUrl);
  url.username = name;
  const client = new Redis(url.href);
  open.push({ close: () => client.disconnect() });
  return client;
}

// What the server says of a forbidden publish comes beside the call that is refused; the call itself only hears nothing.
async function refusalOf(connection: NatsConnection, touch: () => Promise<unknown>): Promise<string> {
  const heard = (async () => {
    for await (const status of connection.status()) if (status.type === 'error') return String((status as { error?: Error }).error);
    return 'closed';
  })();
  const outcome = await touch().then(
    () => 'allowed',
    (error) => String(error),
  );
  return outcome === 'allowed' ? outcome : /permissions violation/i.test(outcome) ? outcome : heard;
}

test.after(async () => {
  for (const each of open) await each.close();
  await stop();
});
test.run();
