import { randomUUID } from 'node:crypto';
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import { openEvents, openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { on, openHost } from '../src/index.js';
import type { PrismaClient } from './generated/client.js';
import { countUp, openStore, openTallies } from './support.js';

const DAY_MS = 86_400_000;
const bed = await openTestbed('retention');
const { config, owner, count } = await openStore(bed, 'funding');
const events = await openEvents(bed);

/** A service that has just started: that is when it forgets first. */
async function start() {
  const host = await openHost('funding', config);
  const db = openTallies(host);
  host.consume('toy', db, [
    on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, tx) => void (await countUp(tx, accountId))),
  ]);
  return host.listen();
}
const rowsOf = async (table: string) => (await owner.query(`SELECT FROM kit.${table}`)).rowCount!;
const addRequests = (number: number) =>
  owner.query(
    `INSERT INTO kit.request (caller, id, method, hash, create_time) SELECT 'someone', gen_random_uuid(), 'm', 'h', $1 FROM generate_series(1, $2)`,
    [bed.now(), number],
  );
const addFailures = (dead: boolean) =>
  owner.query(
    `INSERT INTO kit.failed_event (consumer, event_id, subject, headers, payload, error, create_time, dead_time)
     VALUES ('funding-toy', gen_random_uuid()::text, 's', '{}', '', 'e', $1, CASE WHEN $2 THEN $1::timestamptz END)`,
    [bed.now(), dead],
  );

test('what was handled and answered is forgotten after 30 days, and not before; what is dead waits for people', async () => {
  const id = randomUUID();
  const first = await start();
  await events.publish(ProfileUpdated, { accountId: 'kept', changedFields: [] }, { id });
  await until(() => count('kept'));
  await addRequests(12_000);
  await addFailures(true);
  await addFailures(false);
  await first.stop();

  bed.shiftClock(29 * DAY_MS);
  await addRequests(1);
  const second = await start();
  await events.publish(ProfileUpdated, { accountId: 'kept', changedFields: [] }, { id });
  await events.publish(ProfileUpdated, { accountId: 'later', changedFields: [] });
  await until(() => count('later'));
  await second.stop();
  assert.equal([await rowsOf('request'), await rowsOf('inbox'), await rowsOf('failed_event')], [12_001, 2, 2]);
  assert.is(await count('kept'), 1);

  bed.shiftClock(2 * DAY_MS);
  const third = await start();
  await until(async () => (await rowsOf('request')) === 1);
  await until(async () => (await rowsOf('inbox')) === 1);
  await until(async () => (await rowsOf('failed_event')) === 1);
  await third.stop();
  assert.is((await owner.query('SELECT FROM kit.failed_event WHERE dead_time IS NOT NULL')).rowCount, 1);
});

test.after(async () => {
  await events.close();
  await owner.end();
  await bed.close();
});
test.run();
