// What fails is tried again, and put away in the end. The delays are those of a test: the first try and four more.
import { randomUUID } from 'node:crypto';
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import { openEvents, openTestbed, until } from '@moa/testkit';
import { pino } from 'pino';
import { Gauge } from 'prom-client';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startConsumer } from '../src/events/consume.js';
import { tableInbox } from '../src/events/inbox.js';
import { connectNats, on, openHost } from '../src/index.js';
import type { PrismaClient } from './generated/client.js';
import { countUp, gate, openStore, openTallies } from './support.js';

const bed = await openTestbed('dead-letters');
const { config, owner, count } = await openStore(bed, 'funding');
const host = await openHost('funding', config);
const db = openTallies(host);
const running = await host.listen();
const events = await openEvents(bed);
const nats = await connectNats('test', bed.natsUrl, '');
const publish = (accountId: string) => events.publish(ProfileUpdated, { accountId, changedFields: ['name'] });

let handle: (accountId: string, tries: number) => Promise<void> = async () => {};
const tries = new Map<string, number>();
const consumer = startConsumer({
  name: 'funding-toy',
  domain: 'user',
  inbox: tableInbox(db),
  subscriptions: [
    on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, tx) => {
      await countUp(tx, accountId);
      tries.set(accountId, (tries.get(accountId) ?? 0) + 1);
      await handle(accountId, tries.get(accountId)!);
    }),
  ],
  nats,
  clock: host.clock,
  log: pino({ level: 'silent' }),
  pending: new Gauge({ name: 'pending', help: 'as in a host', labelNames: ['consumer', 'stream'], registers: [] }),
  patience: { ackWaitMs: 400, retryAfterMs: [10, 20, 30, 40] },
});

interface Failed {
  readonly event_id: string;
  readonly failures: number;
  readonly dead_time: Date | null;
  readonly error: string;
  readonly subject: string;
  readonly replay: boolean;
}
const failedOf = async (accountId: string): Promise<Failed | undefined> =>
  (await owner.query('SELECT * FROM kit.failed_event WHERE subject LIKE $1', [`%.${accountId}`])).rows[0];
const replay = (accountId: string) => owner.query('UPDATE kit.failed_event SET replay = true WHERE subject LIKE $1', [`%.${accountId}`]);

test('a failing event is tried five times, then put away, and what follows goes on', async () => {
  const key = randomUUID();
  handle = async (accountId) => {
    if (accountId === key) throw new Error('no such project');
  };
  const id = await publish(key);
  const dead = await until(async () => {
    const failed = await failedOf(key);
    return failed?.dead_time ? failed : undefined;
  });
  assert.equal([tries.get(key), dead.failures, dead.event_id, dead.replay], [5, 5, id, false]);
  assert.match(dead.error, 'no such project');
  assert.is(await count(key), 0, 'what it did is undone each time');
  handle = async () => {};
  await publish(key);
  await until(() => count(key));
  assert.is(tries.get(key), 6);
});

test('a failure that passes has its effect once', async () => {
  const key = randomUUID();
  handle = async (accountId, tries) => {
    if (accountId === key && tries < 4) throw new Error('not yet');
  };
  await publish(key);
  await until(() => count(key));
  assert.equal([await count(key), tries.get(key), (await failedOf(key))?.dead_time], [1, 4, null]);
});

test('a dead event is handled again when somebody asks, and then it is gone', async () => {
  const key = randomUUID();
  handle = async () => {
    throw new Error('the house is down');
  };
  await publish(key);
  await until(async () => (await failedOf(key))?.dead_time);
  handle = async () => {};
  await replay(key);
  await until(() => count(key));
  assert.equal([await count(key), await failedOf(key), tries.get(key)], [1, undefined, 6]);
});

test('a replay that fails again stays put away, and says why', async () => {
  const key = randomUUID();
  handle = async () => {
    throw new Error('the first reason');
  };
  await publish(key);
  await until(async () => (await failedOf(key))?.dead_time);
  handle = async () => {
    throw new Error('another reason');
  };
  await replay(key);
  const failed = await until(async () => {
    const row = await failedOf(key);
    return row && !row.replay && row;
  });
  assert.match(failed.error, 'another reason');
  assert.ok(failed.dead_time);
  assert.is(await count(key), 0);
});

test('what a poisoned payload does is a failure like any other', async () => {
  handle = async () => {};
  const subject = `moa.user.v1.ProfileUpdated.${randomUUID()}`;
  await nats.jetstream.publish(subject, Buffer.alloc(20, 0xff), { msgID: randomUUID() });
  const dead = await until(async () => {
    const row = await failedOf(subject.split('.').at(-1)!);
    return row?.dead_time ? row : undefined;
  });
  assert.is(dead.subject, subject);
});

test('a long handler keeps its event, and those that wait behind it are not delivered again', async () => {
  const key = randomUUID();
  const { opened, open } = gate();
  handle = (accountId) => (accountId === key ? opened : Promise.resolve());
  for (let i = 0; i < 5; i++) await publish(key);
  await until(() => tries.get(key) === 1);
  // Beside it on another key, so long that an event that says nothing would have come again.
  const other = randomUUID();
  const startedMs = performance.now();
  await until(async () => {
    await publish(other);
    return performance.now() - startedMs > 3 * 400;
  });
  const { num_redelivered } = await nats.manager.consumers.info('USER', 'funding-toy');
  assert.equal([num_redelivered, tries.get(key)], [0, 1]);
  open();
  await until(async () => (await count(key)) === 5);
  assert.is(tries.get(key), 5);
});

test.after(async () => {
  await consumer.stop();
  await running.stop();
  await events.close();
  await nats.connection.close();
  await owner.end();
  await bed.close();
});
test.run();
