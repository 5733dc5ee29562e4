// Several copies of a service have one outbox: one of them relays.
import { randomUUID } from 'node:crypto';
import { openTestbed, until } from '@moa/testkit';
import { pino } from 'pino';
import { Gauge } from 'prom-client';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tableOutbox } from '../src/events/outbox.js';
import { startRelay } from '../src/events/relay.js';
import { connectNats, ensureStream, openHost } from '../src/index.js';
import { listen, openPublisher, publish, startEventProcess } from './event-support.js';
import { openStore, openTallies } from './support.js';

const bed = await openTestbed('leader');
const wire = await listen(bed);
const HOUR_MS = 3_600_000;
const backlog = new Gauge({ name: 'backlog', help: 'as in a host', registers: [] });
const log = pino({ level: 'silent' });

/** Who holds the advisory lock of the relay. */
const leadersOf = async (owner: { query(sql: string): Promise<{ rows: { pid: number }[] }> }) =>
  (
    await owner.query(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    )
  ).rows.map(({ pid }) => pid);

test('of several copies one relays: each event is published once, and in order', async () => {
  const copies = [await openPublisher(bed, 'copies'), await openPublisher(bed, 'copies'), await openPublisher(bed, 'copies')];
  const { owner } = copies[0]!.store;
  await until(async () => (await leadersOf(owner)).length === 1);
  const keys = Array.from({ length: 4 }, () => randomUUID());
  for (let round = 0; round < 15; round++) {
    await Promise.all(keys.flatMap((key) => copies.map((copy) => copy.publish(key))));
    assert.is((await leadersOf(owner)).length, 1);
  }
  await until(async () => (await owner.query('SELECT FROM kit.outbox')).rowCount === 0);
  const expected = Array.from({ length: 45 }, (_, i) => i + 1);
  for (const key of keys) assert.equal(wire.versionsOf(key), expected);
  await Promise.all(copies.map((copy) => copy.stop()));
});

test('another copy takes over when the leader stops, is killed, or loses its connection', async () => {
  const { owner } = await openStore(bed, 'user', 'taken');
  const first = await startEventProcess(bed, 'taken', 'relay');
  await until(async () => (await leadersOf(owner)).length === 1);
  const publisher = await openPublisher(bed, 'taken');
  const isPublished = async (key: string) => {
    await publisher.publish(key);
    await until(() => wire.versionsOf(key).length === 1);
  };
  await isPublished('before');

  const [killed] = await until(async () => ((await leadersOf(owner)).length === 1 ? leadersOf(owner) : undefined));
  await first.kill();
  await isPublished('after-kill');
  const [successor] = await leadersOf(owner);
  assert.ok(successor !== killed);

  await owner.query('SELECT pg_terminate_backend($1)', [successor]);
  await isPublished('after-loss');

  const third = await openPublisher(bed, 'taken');
  await publisher.stop();
  await third.publish('after-stop');
  await until(() => wire.versionsOf('after-stop').length === 1);
  await third.stop();
  await owner.end();
});

test('a commit at a copy that does not lead wakes the one that does', async () => {
  const { config, owner } = await openStore(bed, 'user', 'woken');
  const url = config.DATABASE_URL!.reveal();
  const [leading, following] = await Promise.all(['leading', 'following'].map((name) => connectNats(name, bed.natsUrl, '')));
  await ensureStream(leading!, 'user', { maxBytes: 1 << 20, maxAgeDays: 1 });
  // Neither looks by itself within this test: only a wake-up brings the event out.
  const leader = startRelay(tableOutbox(url), leading!, 'user', log, backlog, HOUR_MS);
  await until(async () => (await leadersOf(owner)).length === 1);
  const follower = startRelay(tableOutbox(url), following!, 'user', log, backlog, HOUR_MS);
  await leading!.connection.flush();

  const host = await openHost('user', config);
  const db = openTallies(host);
  db.wakeRelay = follower.wake;
  for (let version = 1; version <= 5; version++) {
    await publish(db, bed.now(), 'woken');
    await until(() => wire.versionsOf('woken').length === version);
  }

  await Promise.all([leader.stop(), follower.stop()]);
  await Promise.all([leading!.connection.close(), following!.connection.close(), owner.end()]);
  await (await host.listen()).stop();
});

test.after(async () => {
  await wire.close();
  await bed.close();
});
test.run();
