import { randomUUID } from 'node:crypto';
import { AccountCreated } from '@moa/contracts/auth/v1/auth_events';
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import { GetProfileResponse } from '@moa/contracts/user/v1/user_service';
import { openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { emit, kitFail, originAt, sqlCall, transaction, write } from '../src/index.js';
import { listen, openPublisher, PROFILE_UPDATED } from './event-support.js';
import { Prisma } from './generated/client.js';
import { countUp, errorOf } from './support.js';

const bed = await openTestbed('outbox');
const wire = await listen(bed);
const publisher = await openPublisher(bed, 'publisher', { STREAM_MAX_BYTES: 1 << 20 });
const { db, store, publish } = publisher;
const origin = originAt(bed.now());
const subjectOf = (key: string) => `${PROFILE_UPDATED}.${key}`;
const heardOf = (key: string) => wire.heard.filter(({ subject }) => subject === subjectOf(key));
const outboxSize = async () => Number((await store.owner.query('SELECT count(*) FROM kit.outbox')).rows[0].count);

test('an event says what, when, which version and which trace, and is the message of its contract', async () => {
  await publish('headers', ['name', 'phone']);
  const [message] = await until(() => heardOf('headers').length > 0 && heardOf('headers'));
  assert.equal(ProfileUpdated.decode(message!.data), { accountId: 'headers', changedFields: ['name', 'phone'] });
  const header = (name: string) => message!.headers!.get(name);
  assert.match(header('Nats-Msg-Id'), /^[0-9a-f-]{36}$/);
  assert.is(header('Moa-Type'), PROFILE_UPDATED);
  assert.is(header('Moa-Version'), '1');
  assert.is(header('Moa-Schema'), '1');
  assert.ok(Math.abs(Date.parse(header('Moa-Time')) - bed.now().getTime()) < 60_000);
  assert.match(header('traceparent'), /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
});

test('an event belongs to the trace and the time of what led to it', async () => {
  const led = { at: new Date('2027-01-01T12:00:00Z'), trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
  await transaction(db, (tx) => emit(tx, led, ProfileUpdated, { accountId: 'traced', changedFields: [] }, { version: 7n }));
  const [message] = await until(() => heardOf('traced').length > 0 && heardOf('traced'));
  assert.is(message!.headers!.get('Moa-Time'), '2027-01-01T12:00:00.000Z');
  assert.is(message!.headers!.get('Moa-Version'), '7');
  assert.ok(message!.headers!.get('traceparent').startsWith('00-4bf92f3577b34da6a3ce929d0e0e4736-'));
});

test('nothing is published of a transaction that is rolled back', async () => {
  await errorOf(
    transaction(db, async (tx) => {
      await countUp(tx, 'undone');
      await emit(tx, origin, ProfileUpdated, { accountId: 'undone', changedFields: [] }, { version: 1 });
      throw new Error('no');
    }),
  );
  // Published after it: what was to come has come.
  await publish('afterwards');
  await until(() => heardOf('afterwards').length > 0);
  await until(async () => (await outboxSize()) === 0);
  assert.is(heardOf('undone').length, 0);
});

test('events of one key keep the order of their commits, under contention', async () => {
  const keys = Array.from({ length: 5 }, () => randomUUID());
  await Promise.all(keys.map((key) => publish(key)));
  await Promise.all(Array.from({ length: 95 }, (_, i) => publish(keys[i % 5]!)));
  await until(() => keys.every((key) => heardOf(key).length >= 20));
  const expected = Array.from({ length: 20 }, (_, i) => i + 1);
  for (const key of keys) assert.equal(wire.versionsOf(key), expected);
  await until(async () => (await outboxSize()) === 0);
});

test('SQL functions emit as well', async () => {
  await store.owner.query(`
    CREATE FUNCTION say_updated(call jsonb, account text) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM kit.emit(call, 'moa.user.v1.ProfileUpdated', account, 3, jsonb_build_object('accountId', account, 'changedFields', '["name"]'::jsonb));
      RETURN true;
    END $$`);
  await write(db, kitFail, Prisma.sql`SELECT say_updated(${sqlCall(origin)}::jsonb, 'by-sql') AS done`);
  const [message] = await until(() => heardOf('by-sql').length > 0 && heardOf('by-sql'));
  assert.equal(ProfileUpdated.decode(message!.data), { accountId: 'by-sql', changedFields: ['name'] });
  assert.is(message!.headers!.get('traceparent'), origin.trace);
});

test('what the contracts do not call an event is not emitted', async () => {
  const error = await errorOf(
    transaction(db, (tx) => emit(tx, origin, GetProfileResponse as never, { profile: undefined }, { version: 1 })),
  );
  assert.match(error.message, 'is no event');
});

test('an event that cannot be published holds back what follows of its key, and nothing else', async () => {
  const insert = `INSERT INTO kit.outbox (type, key, version, body, create_time) VALUES ($1, 'stuck', 1, '{}', now()) RETURNING position`;
  const { rows } = await store.owner.query(insert, ['moa.user.v1.NoSuchEvent']);
  await publish('stuck');
  for (let i = 0; i < 3; i++) await publish('moving');
  await until(() => heardOf('moving').length === 3);
  await until(async () => (await outboxSize()) === 2);
  assert.is(heardOf('stuck').length, 0);
  await store.owner.query('DELETE FROM kit.outbox WHERE position = $1', [rows[0].position]);
  await until(() => heardOf('stuck').length === 1);
});

test("another domain's event is not published", async () => {
  const account = { accountId: 'foreign', roles: [], createTime: bed.now() } as never;
  await transaction(db, (tx) => emit(tx, origin, AccountCreated, account, { version: 1 }));
  await publish('own');
  await until(() => heardOf('own').length === 1);
  assert.is((await store.owner.query(`DELETE FROM kit.outbox WHERE key = 'foreign'`)).rowCount, 1, 'it waits, for somebody to see');
});

test('a full stream takes nothing more and loses nothing; with room again all of it comes', async () => {
  const big = ['x'.repeat(300_000)];
  const keys = ['big1', 'big2', 'big3', 'big4', 'big5'];
  for (const key of keys) await publish(key, big);
  const stored = async () => (await wire.nats.manager.streams.info('USER')).state.messages;
  await until(async () => (await outboxSize()) === 2);
  const before = await stored();
  await wire.nats.manager.streams.update('USER', { max_bytes: 1 << 30 });
  await until(async () => (await outboxSize()) === 0);
  assert.is((await stored()) - before, 2);
});

test.after(async () => {
  await publisher.stop();
  await wire.close();
  await bed.close();
});
test.run();
