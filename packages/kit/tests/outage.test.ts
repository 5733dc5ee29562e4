// NATS goes away and comes back: nothing is lost, and nobody has to be started again. On a server of its own, that this test may stop.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProfileUpdated } from '@moa/contracts/user/v1/user_events';
import { findServer, natsSource, root, startNats } from '@moa/stack';
import { openTestbed, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { on, openHost, Secret } from '../src/index.js';
import { openPublisher } from './event-support.js';
import type { PrismaClient } from './generated/client.js';
import { countUp, openStore, openTallies } from './support.js';

const bed = await openTestbed('outage');
const folder = mkdtempSync(join(tmpdir(), 'moa-outage-'));
const program = await findServer(natsSource, join(root, '.moa/servers'));
const plan = { program, dataFolder: folder, accounts: { MOA: [{ name: 'moa', password: 'test' }] } };
let nats = await startNats(plan);
const { port, monitorPort } = nats;
const settings = { NATS_URL: new Secret(`nats://moa:test@127.0.0.1:${port}`) };

const publisher = await openPublisher(bed, 'publisher', settings);
const { config, owner, count } = await openStore(bed, 'funding');
const host = await openHost('funding', { ...config, ...settings });
const db = openTallies(host);
host.consume('toy', db, [
  on<ProfileUpdated, PrismaClient>(ProfileUpdated, async ({ accountId }, tx) => void (await countUp(tx, accountId))),
]);
const running = await host.listen();

const unpublished = async () => (await publisher.store.owner.query('SELECT FROM kit.outbox')).rowCount!;
const publishAll = (keys: readonly string[]) => Promise.all(keys.map((key) => publisher.publish(key)));
const keysOf = (round: string) => Array.from({ length: 20 }, (_, i) => `${round}-${i}`);
const areCounted = async (keys: readonly string[]) =>
  (await owner.query('SELECT FROM tally WHERE name = ANY($1) AND count = 1', [keys])).rowCount === keys.length;

for (const end of ['stop', 'kill'] as const) {
  test(`events wait while NATS is away after a ${end}, and each has its effect when it is back`, async () => {
    const [before, meanwhile, after] = [keysOf(`${end}-before`), keysOf(`${end}-meanwhile`), keysOf(`${end}-after`)];
    await publishAll(before);
    await until(() => areCounted(before));
    await nats[end]();
    await publishAll(meanwhile);
    assert.is(await unpublished(), meanwhile.length);
    nats = await startNats({ ...plan, port, monitorPort });
    await until(() => areCounted(meanwhile), 30_000);
    await publishAll(after);
    await until(() => areCounted(after));
    await until(async () => (await unpublished()) === 0);
    assert.is(await count(meanwhile[0]!), 1);
  });
}

test.after(async () => {
  await running.stop();
  await publisher.stop();
  await owner.end();
  await nats.stop();
  await bed.close();
  rmSync(folder, { recursive: true });
});
test.run();
