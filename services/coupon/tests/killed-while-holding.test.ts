// The service is killed between the steps of a holder; the caller asks again, as it does when it knows no outcome.
import { randomUUID } from 'node:crypto';
import { killServices } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawnCoupon } from './child-process.js';
import { campaign, closeBed, couponRow, granted, held, openCoupon, reservation, spentOf } from './support.js';

const clients = await openCoupon();
const { purchase, stop } = clients;

async function reserved() {
  const owner = randomUUID();
  const campaignId = await campaign(clients, { returnedOnRefund: true });
  const couponId = await granted(clients, campaignId, owner);
  return { campaignId, couponId, request: reservation(owner, [couponId]) };
}

/** Calls a process that dies at the point, and waits for its end. */
async function killedAt(point: string, call: (of: typeof purchase) => Promise<unknown>): Promise<void> {
  const process = await spawnCoupon(point);
  const dying = await process.clients();
  const [outcome, signal] = await Promise.all([
    call(dying.purchase).then(
      () => 'answered',
      () => 'cut off',
    ),
    process.killed(),
  ]);
  assert.is(outcome, 'cut off');
  assert.is(signal, 'SIGKILL');
}

test('killed before a reservation is committed, nothing is reserved; the same request reserves', async () => {
  const { campaignId, couponId, request } = await reserved();
  await killedAt('coupon.reserving', (dying) => dying.reserveCoupons(request));
  assert.equal(await couponRow(couponId), { state: 'ISSUED', holderId: null, discount: 0, version: 1 });
  assert.is(await spentOf(campaignId), 0);
  await purchase.reserveCoupons(request);
  assert.equal(await couponRow(couponId), { state: 'RESERVED', holderId: request.holderId, discount: 1_000, version: 2 });
  assert.is(await spentOf(campaignId), 1_000);
});

test('killed after each step, before it is answered, the same call changes nothing more', async () => {
  const { campaignId, couponId, request } = await reserved();
  await killedAt('coupon.reserved', (dying) => dying.reserveCoupons(request));
  await purchase.reserveCoupons(request);
  assert.is((await couponRow(couponId)).version, 2);
  assert.is(await spentOf(campaignId), 1_000);

  const commit = held(request.holderId);
  await killedAt('coupon.committed', (dying) => dying.commitCoupons(commit));
  await purchase.commitCoupons(commit);
  assert.is((await couponRow(couponId)).state, 'USED');
  assert.is((await couponRow(couponId)).version, 3);

  const part = { ...held(request.holderId), discounts: [{ couponId, discountMinor: 400n }], inFull: false };
  await killedAt('request.committed', (dying) => dying.returnCoupons(part));
  await purchase.returnCoupons(part);
  assert.is(await spentOf(campaignId), 600);

  const rest = { ...held(request.holderId), discounts: [{ couponId, discountMinor: 600n }], inFull: true };
  await killedAt('request.committed', (dying) => dying.returnCoupons(rest));
  await purchase.returnCoupons(rest);
  assert.equal(await couponRow(couponId), { state: 'ISSUED', holderId: null, discount: 0, version: 4 });
  assert.is(await spentOf(campaignId), 0);
});

test('killed while it releases, what was held is given back once', async () => {
  const { campaignId, couponId, request } = await reserved();
  await purchase.reserveCoupons(request);
  const release = held(request.holderId);
  await killedAt('coupon.released', (dying) => dying.releaseCoupons(release));
  await purchase.releaseCoupons(release);
  assert.equal(await couponRow(couponId), { state: 'ISSUED', holderId: null, discount: 0, version: 3 });
  assert.is(await spentOf(campaignId), 0);
});

test.after(async () => {
  killServices();
  await closeBed(stop);
});
test.run();
