// kill -9 between two steps: what was done already is not done twice, and what was not is not forgotten. The stream's window for duplicates
// is too short to help, so the inbox alone has to notice what comes again.
import { randomUUID } from 'node:crypto';
import { openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connectNats, openHost } from '../src/index.js';
import { publish, startEventProcess } from './event-support.js';
import { openStore, openTallies } from './support.js';

const EVENTS = 50;
const bed = await openTestbed('crash');
const nats = await connectNats('test', bed.natsUrl, '');
await nats.manager.streams.add({ name: 'USER', subjects: ['moa.user.v1.>'], duplicate_window: 100_000_000 });
const { config, owner, count } = await openStore(bed, 'user', 'toy');
const host = await openHost('user', config);
const db = openTallies(host);
const running = await host.listen();

/** Waits until nothing is unpublished, undelivered or unacknowledged. */
const settled = () =>
  until(async () => {
    const { rowCount } = await owner.query('SELECT FROM kit.outbox');
    const info = await nats.manager.consumers.info('USER', 'user-count');
    return rowCount === 0 && info.num_pending === 0 && info.num_ack_pending === 0;
  }, 30_000);

for (const crashAt of ['relay.published', 'consumer.committed']) {
  test(`each event counts once, though the process is killed at ${crashAt}`, async () => {
    const keys = Array.from({ length: EVENTS }, () => randomUUID());
    const first = await startEventProcess(bed, 'toy', 'relay,consumer', { MOA_CRASH_AT: crashAt });
    const before = (await nats.manager.streams.info('USER')).state.messages;
    await Promise.all(keys.map((key) => publish(db, bed.now(), key)));
    assert.is(await first.ended, 'SIGKILL');

    const landed = {
      published: (await nats.manager.streams.info('USER')).state.messages - before,
      unpublished: (await owner.query('SELECT FROM kit.outbox')).rowCount!,
      counted: Number(
        (await owner.query(`SELECT count(*) FROM tally WHERE name = ANY($1)`, [keys.map((key) => `seen ${key}`)])).rows[0].count,
      ),
    };
    if (crashAt === 'relay.published') assert.ok(landed.published > 0 && landed.unpublished === EVENTS, JSON.stringify(landed));
    else assert.ok(landed.counted > 0 && landed.counted < EVENTS, JSON.stringify(landed));

    const second = await startEventProcess(bed, 'toy', 'relay,consumer');
    await settled();
    for (const key of keys) assert.is(await count(`seen ${key}`), 1);
    assert.is(await second.kill('SIGTERM'), 0);
  });
}

test.after(async () => {
  await running.stop();
  await nats.connection.close();
  await owner.end();
  await bed.close();
});
test.run();
