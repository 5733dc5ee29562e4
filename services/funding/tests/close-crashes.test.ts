// A project is being closed when the process is killed; another goes on, with exactly the same outcome.
import { killServices, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dueProject, spawnFunding } from './child-process.js';
import { openPaymentPeer } from './payment-peer.js';
import { bed, closeBed, projectRow, remaining, sql, states } from './support.js';

// More than the lease of a charge.
const LEASE_OVER_MS = 6_000;
const payment = await openPaymentPeer();

for (const crashAt of [
  'funding.close.decided',
  'funding.sweep.committed',
  'funding.charge.leased',
  'funding.charge.sent',
  'funding.charge.stored',
]) {
  test(`killed at ${crashAt}, a close charges each pledge once`, async () => {
    const { projectId, ids } = await dueProject(110, { goalMinor: 10_000 });
    const first = await spawnFunding({ payment: payment.address }, crashAt);
    assert.is(await first.killed(), 'SIGKILL');
    assert.is((await projectRow(projectId)).state, 'CHARGING');

    bed.shiftClock(LEASE_OVER_MS);
    const second = await spawnFunding({ payment: payment.address });
    const charges = await until(() => {
      const taken = ids.flatMap((id) => payment.taken.get(`${id} 1`) ?? []);
      return taken.length === ids.length ? taken : undefined;
    });
    await Promise.all(charges.map((charge) => payment.complete(charge)));
    await until(async () => (await projectRow(projectId)).state === 'SUCCEEDED');
    assert.equal(await states(projectId), { PAID: 110 });
    assert.equal(await projectRow(projectId), { raised: 1_100_000, count: 110, state: 'SUCCEEDED' });
    // Nothing but the first attempt of each, though a batch may have come twice.
    assert.is([...payment.taken.values()].filter((charge) => charge.projectId === projectId).length, 110);
    const twice = payment.sent.filter((charge) => charge.projectId === projectId).length > 110;
    assert.is(twice, crashAt === 'funding.charge.sent');
    await second.stop();
  });
}

for (const crashAt of ['funding.close.decided', 'funding.sweep.committed']) {
  test(`killed at ${crashAt}, a missed goal releases each pledge once`, async () => {
    const { projectId, rewardId } = await dueProject(110, { goalMinor: 1_000_000_000, rewards: [{ stock: 200 }] });
    const first = await spawnFunding({ payment: payment.address }, crashAt);
    assert.is(await first.killed(), 'SIGKILL');
    const second = await spawnFunding({ payment: payment.address });
    await until(async () => (await states(projectId))['RELEASED'] === 110);
    assert.is(await remaining(rewardId), 200);
    assert.equal(await projectRow(projectId), { raised: 1_100_000, count: 110, state: 'FAILED' });
    const { rows } = await sql.query('SELECT DISTINCT version FROM pledge WHERE project_id = $1', [projectId]);
    assert.equal(rows, [{ version: '2' }]);
    await second.stop();
  });
}

test.after(() => {
  killServices();
  return closeBed(payment.stop);
});
test.run();
