import { randomUUID } from 'node:crypto';
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import { openEvents, openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectNats, type EventInfo, on, openHost, type Running, type Subscription } from '../src/index.js';
import type { PrismaClient } from './generated/client.js';
import { countUp, gate, openStore, openTallies } from './support.js';

const bed = await openTestbed('consumer');
const { config, owner, count } = await openStore(bed, 'funding');
const events = await openEvents(bed);
const nats = await connectNats('test', bed.natsUrl, '');
const publish = (accountId: string, facts: { version?: number; id?: string; time?: Date } = {}) =>
  events.publish(ProfileUpdated, { accountId, changedFields: [] }, facts);

/** A service that handles user's events for one purpose. */
async function consume(purpose: string, ...subscriptions: Subscription<PrismaClient>[]): Promise<Running> {
  const host = await openHost('funding', config);
  host.consume(purpose, openTallies(host), subscriptions);
  return host.listen();
}
const counting = (purpose: string) =>
  on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, tx) => void (await countUp(tx, `${purpose} ${accountId}`)));
const pendingOf = async (purpose: string) => {
  const { num_pending, num_ack_pending, num_redelivered } = await nats.manager.consumers.info('USER', `funding-${purpose}`);
  return { waiting: num_pending + num_ack_pending, redelivered: num_redelivered };
};
const settled = (purpose: string) => until(async () => (await pendingOf(purpose)).waiting === 0);

test('a consumer that is there before the stream waits for it', async () => {
  const running = await consume('early', counting('early'));
  const error = await nats.manager.streams.info('USER').catch((absent) => absent);
  assert.match(error.message, 'stream not found');
  await publish('first');
  await until(() => count('early first'));
  await running.stop();
});

test('the same event delivered three times has one effect', async () => {
  const running = await consume('thrice', counting('thrice'));
  const [id, key] = [randomUUID(), randomUUID()];
  for (let i = 0; i < 3; i++) await publish(key, { id });
  await publish(key);
  await until(async () => (await count(`thrice ${key}`)) === 2);
  await settled('thrice');
  assert.is(await count(`thrice ${key}`), 2);
  await running.stop();
});

test('each purpose has its own effect of an event', async () => {
  const key = randomUUID();
  const running = await Promise.all(['one', 'other'].map((purpose) => consume(purpose, counting(purpose))));
  await publish(key);
  await until(async () => (await count(`one ${key}`)) === 1 && (await count(`other ${key}`)) === 1);
  await Promise.all(running.map(({ stop }) => stop()));
});

test('an effect knows the event: id, key, version, time, and the one clock', async () => {
  const infos: EventInfo[] = [];
  const running = await consume(
    'info',
    on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, _, info) => void (accountId === 'known' && infos.push(info))),
  );
  const time = new Date('2027-01-01T00:00:00Z');
  bed.shiftClock(3_600_000);
  const id = await publish('known', { version: 9, time });
  const { at, ...info } = await until(() => infos[0]);
  assert.equal({ ...info, trace: '' }, { id, key: 'known', version: 9n, time, trace: '' });
  assert.ok(Math.abs(at.getTime() - bed.now().getTime()) < 60_000);
  bed.shiftClock(-3_600_000);
  await running.stop();
});

test('what comes late is told by its version, and does not set back what is newer', async () => {
  const running = await consume(
    'versions',
    on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, tx, { version }) => {
      await tx.tally.upsert({ where: { name: accountId }, create: { name: accountId }, update: {} });
      await tx.tally.updateMany({ where: { name: accountId, version: { lt: version } }, data: { version, count: Number(version) * 10 } });
    }),
  );
  const key = randomUUID();
  for (const version of [1, 3, 2]) await publish(key, { version });
  await settled('versions');
  assert.is(await count(key), 30);
  await running.stop();
});

test('keys go side by side, and the events of one key one at a time, in order', async () => {
  const { opened, open } = gate();
  const handled: string[] = [];
  let atOnce = 0;
  const running = await consume(
    'lanes',
    on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, _, { version }) => {
      if (!/^[ab]$/.test(accountId)) return;
      if (accountId === 'a') {
        assert.is(++atOnce, 1);
        if (version === 1n) await opened;
        atOnce--;
      }
      handled.push(`${accountId}${version}`);
    }),
  );
  for (let version = 1; version <= 5; version++) for (const key of ['a', 'b']) await publish(key, { version });
  await until(() => handled.length === 5);
  assert.equal(handled, ['b1', 'b2', 'b3', 'b4', 'b5']);
  open();
  await until(() => handled.length === 10);
  assert.equal(handled.slice(5), ['a1', 'a2', 'a3', 'a4', 'a5']);
  await running.stop();
});

test('copies of a service share the work: each event is handled by one of them', async () => {
  const copies = await Promise.all([1, 2, 3].map(() => consume('shared', counting('shared'))));
  const keys = Array.from({ length: 60 }, () => randomUUID());
  await Promise.all(keys.map((key) => publish(key)));
  await until(
    async () => (await owner.query('SELECT FROM tally WHERE name = ANY($1)', [keys.map((key) => `shared ${key}`)])).rowCount === 60,
  );
  await settled('shared');
  for (const key of keys) assert.is(await count(`shared ${key}`), 1);
  await Promise.all(copies.map(({ stop }) => stop()));
});

test('a stopping consumer finishes what it holds, and leaves the rest to the next', async () => {
  const { opened, open } = gate();
  const key = randomUUID();
  let begun = 0;
  const running = await consume(
    'stopping',
    on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, tx) => {
      if (accountId !== key) return;
      begun++;
      await opened;
      await countUp(tx, `stopping ${key}`);
    }),
  );
  for (let i = 0; i < 10; i++) await publish(key);
  await until(() => begun === 1);
  const stopped = running.stop();
  open();
  await stopped;
  assert.equal([begun, await count(`stopping ${key}`)], [1, 1]);
  const next = await consume('stopping', counting('stopping'));
  await until(async () => (await count(`stopping ${key}`)) === 10);
  await next.stop();
});

test('how far a copy has come is known, and stands still while something waits', async () => {
  const { opened, open } = gate();
  const running = await consume(
    'fresh',
    on<ProfileUpdated, PrismaClient>(ProfileUpdated, ({ accountId }) => (accountId === 'slow' ? opened : Promise.resolve())),
  );
  const freshTime = async () =>
    (await owner.query<{ event_time: Date }>(`SELECT event_time FROM kit.consumed WHERE consumer = 'funding-fresh' AND stream = 'user'`))
      .rows[0]?.event_time ?? new Date(0);
  const start = bed.now();
  await until(async () => (await freshTime()) >= start);
  await publish('slow');
  await until(async () => (await pendingOf('fresh')).waiting > 0);
  const stuckAt = bed.now();
  bed.shiftClock(60_000);
  const metrics = async () => (await fetch(`http://${running.metricsAddress}/metrics`)).text();
  await until(async () => /moa_consumer_pending\{[^}]*funding-fresh[^}]*\} 1/.test(await metrics()));
  assert.ok((await freshTime()) <= stuckAt);
  open();
  await until(async () => (await freshTime()) >= new Date(stuckAt.getTime() + 60_000));
  await until(async () => /moa_consumer_pending\{[^}]*funding-fresh[^}]*\} 0/.test(await metrics()));
  await running.stop();
});

test.after(async () => {
  await events.close();
  await nats.connection.close();
  await owner.end();
  await bed.close();
});
test.run();
