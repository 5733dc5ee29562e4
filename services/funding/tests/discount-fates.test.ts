// What becomes of coupon and points when their pledge ends, is paid, or is given back: each exactly once, to the last won.
import { randomUUID } from 'node:crypto';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closesFor } from './closing.js';
import { openDiscountPeers } from './discount-peers.js';
import { allSettled, discounted, discountsOf, holdsOf } from './discounted.js';
import { openPaymentPeer } from './payment-peer.js';
import { bed, closeBed, DAY_MS, liveProject, openFunding, pledgeOf, remaining, sql, won } from './support.js';

const peers = await openDiscountPeers();
const payment = await openPaymentPeer();
const { address, pledges, projects, stop } = await openFunding({ ...peers, payment: payment.address });
// Another copy of the service works on the same holds.
const second = await openFunding({ ...peers, payment: payment.address });
const { saver, has, comesTo } = discountsOf(peers);
const { chargeOf, inState } = closesFor(payment);
const admin = () => bed.as(randomUUID(), 'ADMIN');

const closeNow = (projectId: string) => sql.query('UPDATE project SET close_time = $2 WHERE id = $1', [projectId, bed.now()]);

/** A pledge of 10,000 won, for which the card is charged 4,500, of a project that has not closed. */
async function pledged(plan: Parameters<typeof liveProject>[0] = {}, more = {}) {
  const project = await liveProject({ goalMinor: 10_000, ...plan });
  const who = await saver();
  const { pledge } = await pledges.createPledge(discounted(who, project.projectId, project.rewardId, more), await bed.as(who.id));
  return { ...project, who, id: pledge!.id };
}

async function paid(more = {}) {
  const made = await pledged({}, more);
  await closeNow(made.projectId);
  const charge = await chargeOf(made.id);
  await payment.complete(charge);
  await inState(made.id, 'PAID');
  return { ...made, charge };
}

const askedOf = (id: string) =>
  ['commitCoupons', 'capturePoints', 'releaseCoupons', 'releasePoints'].map((what) => peers.asked(what, id)).join(' ');

test('payment is told what the card is charged and who bears the rest; when it is paid, both are used, once', async () => {
  const { who, id, charge } = await paid();
  assert.equal(charge.amount, won(4_500n));
  assert.equal([charge.platformCouponMinor, charge.sellerCouponMinor, charge.pointsMinor], [3_000n, 0n, 2_500n]);
  await comesTo(who, 'USED 0');
  await payment.complete(charge);
  await allSettled();
  assert.is(askedOf(id), '1 1 0 0');
  assert.equal(await holdsOf(who.id), ['USED']);
});

test('before its charge nothing of a pledge is used or given back', async () => {
  const { who, id, projectId } = await pledged();
  await closeNow(projectId);
  await payment.refuse(await chargeOf(id));
  await inState(id, 'PAYMENT_FAILED');
  assert.is(has(who), 'RESERVED 0');
  assert.is(askedOf(id), '0 0 0 0');
});

test('a project that misses its goal sends both home, with the stock', async () => {
  const { who, id, projectId, rewardId } = await pledged({ goalMinor: 10_001, rewards: [{ stock: 2 }] });
  await closeNow(projectId);
  await inState(id, 'RELEASED');
  await comesTo(who, 'ISSUED 2500');
  assert.is(await remaining(rewardId), 2);
  await allSettled();
  assert.is(askedOf(id), '0 0 1 1');
  assert.equal(await holdsOf(who.id), ['HOME']);
});

test('the price decides whether the goal is met, not what the card is charged', async () => {
  const { id, projectId } = await pledged({ goalMinor: 10_000 });
  await closeNow(projectId);
  assert.equal((await chargeOf(id)).amount, won(4_500n));
});

test('a project that its seller cancels sends both home', async () => {
  const { who, id, projectId, sellerId } = await pledged();
  await projects.cancelProject({ requestId: randomUUID(), id: projectId, reason: '제작 불가' }, await bed.as(sellerId, 'SELLER'));
  await inState(id, 'RELEASED');
  await comesTo(who, 'ISSUED 2500');
});

test('a pledge that is dropped after its last refused charge sends both home', async () => {
  const { who, id, projectId } = await pledged({ retries: 1 });
  await closeNow(projectId);
  await payment.refuse(await chargeOf(id));
  await inState(id, 'PAYMENT_FAILED');
  bed.shiftClock(DAY_MS);
  await payment.refuse(await chargeOf(id, 2));
  await inState(id, 'DROPPED');
  await comesTo(who, 'ISSUED 2500');
  await allSettled();
  assert.is(askedOf(id), '0 0 1 1');
});

test('a refund in parts gives coupon and points back in proportion, and with the last part exactly what is left', async () => {
  const { who, id, charge } = await paid();
  const give = async (amountMinor: bigint) => {
    const { pledge } = await pledges.refundPledge(
      { requestId: randomUUID(), id, reason: '일부 품절', amount: { ...charge.amount!, amountMinor } },
      await admin(),
    );
    return pledge!;
  };
  // A third of 4,500 won: 833.33 points, and 1,000 won of the coupon.
  const part = await give(1_500n);
  assert.equal([part.state, part.refunded], [Pledge_State.STATE_PAID, won(1_500n)]);
  await comesTo(who, 'USED 833');
  await until(async () => peers.couponHolders.get(id)!.returned === 1_000n);
  await payment.giveBack(charge, undefined, 1_501n);
  await comesTo(who, 'USED 834');
  await payment.giveBack(charge, undefined, 1_500n);
  await payment.giveBack(charge);
  await inState(id, 'REFUNDED');
  await comesTo(who, 'ISSUED 2500');
  await allSettled();
  assert.equal([peers.couponHolders.get(id)!.returned, peers.pointHolders.get(id)!.returned], [3_000n, 2_500n]);
  assert.equal(await holdsOf(who.id), ['HOME']);
});

test('a refund in full is one step, also when it is told before the payment', async () => {
  const { who, id, projectId } = await pledged();
  await closeNow(projectId);
  const charge = await chargeOf(id);
  await payment.giveBack(charge);
  await inState(id, 'REFUNDED');
  await payment.complete(charge);
  await comesTo(who, 'ISSUED 2500');
  await allSettled();
  assert.is(peers.asked('returnPoints', id), 1);
  assert.is(askedOf(id), '1 1 0 0');
});

test('a bank that takes the money back, takes it all back: what was left of both comes home', async () => {
  const { who, id, charge } = await paid();
  await payment.giveBack(charge, undefined, 900n);
  await comesTo(who, 'USED 500');
  await payment.chargeBack(charge);
  await inState(id, 'CHARGED_BACK');
  await comesTo(who, 'ISSUED 2500');
  await allSettled();
  assert.equal([peers.couponHolders.get(id)!.returned, peers.pointHolders.get(id)!.returned], [3_000n, 2_500n]);
});

test('a pledge that costs no money is charged nothing, paid, and given back like any other', async () => {
  const project = await liveProject({ goalMinor: 10_000 });
  const who = await saver();
  peers.grant(who.id, 7_500n);
  const order = pledgeOf(who, project.projectId, project.rewardId, 1, { pointsMinor: 10_000n });
  const { pledge } = await pledges.createPledge(order, await bed.as(who.id));
  await closeNow(project.projectId);
  const charge = await chargeOf(pledge!.id);
  assert.equal(charge.amount, won(0n));
  await payment.complete(charge);
  await inState(pledge!.id, 'PAID');
  await until(async () => peers.pointHolders.get(pledge!.id)!.state === 'USED');
  const refund = { requestId: randomUUID(), id: pledge!.id, reason: '배송 불가', amount: undefined };
  const { pledge: back } = await pledges.refundPledge(refund, await admin());
  assert.is(back?.state, Pledge_State.STATE_REFUNDED);
  await until(async () => peers.balanceOf(who.id) === 10_000n);
  await payment.giveBack(charge);
  await allSettled();
  assert.is(peers.asked('returnPoints', pledge!.id), 1);
});

test('a project that was paid and is canceled gives both back with the money', async () => {
  const { who, id, projectId } = await paid();
  await projects.cancelFundedProject({ requestId: randomUUID(), id: projectId, reason: '제작 불가' }, await admin());
  await inState(id, 'REFUNDED');
  await comesTo(who, 'ISSUED 2500');
});

test('while coupon and user are away it is owed, and told when they are back', async () => {
  const { who, id, charge } = await paid();
  await comesTo(who, 'USED 0');
  peers.down.add('returnCoupons');
  await payment.giveBack(charge, undefined, 1_500n);
  await until(async () => peers.balanceOf(who.id) === 833n);
  // More goes back before the first part was told whole.
  await payment.giveBack(charge);
  await inState(id, 'REFUNDED');
  peers.down.delete('returnCoupons');
  bed.shiftClock(16_000);
  await comesTo(who, 'ISSUED 2500');
  await allSettled();
  assert.equal([peers.couponHolders.get(id)!.returned, peers.pointHolders.get(id)!.returned], [3_000n, 2_500n]);
});

test('many that end at once are told once each, by however many copies', async () => {
  const project = await liveProject({ goalMinor: 1_000_000 });
  const savers = await Promise.all(Array.from({ length: 60 }, saver));
  const ids = await Promise.all(
    savers.map(
      async (who) => (await pledges.createPledge(discounted(who, project.projectId, project.rewardId), await bed.as(who.id))).pledge!.id,
    ),
  );
  await closeNow(project.projectId);
  await until(() => savers.every((who) => has(who) === 'ISSUED 2500'));
  await allSettled();
  for (const id of ids) {
    const calls = new Set(peers.calls.filter(({ holderId }) => holderId === id).map(({ what }) => what));
    assert.equal([...calls], ['reserveCoupons', 'holdPoints', 'releasePoints', 'releaseCoupons']);
  }
});

test("what payment holds, less what went back, is what funding's list says", async () => {
  const { id, charge } = await paid();
  await payment.giveBack(charge, undefined, 900n);
  await until(async () => (await sql.query('SELECT FROM pledge WHERE id = $1 AND refunded_minor = 900', [id])).rowCount === 1);
  const asPayment = bed.connect(PledgeServiceDefinition, address, { as: 'payment' });
  const { pledges: charged } = await asPayment.listChargedPledges({ afterId: '' });
  assert.equal(charged.find((one) => one.id === id)?.held, won(3_600n));
  const asUser = bed.connect(PledgeServiceDefinition, address, { as: 'user' });
  const { pledges: shown } = await asUser.listPledgesForMyPage({ afterId: '' });
  assert.is(shown.find((one) => one.id === id)?.state, Pledge_State.STATE_PAID);
});

test('coupons and points of a late pledge are used with its charge', async () => {
  const { projectId, rewardId, sellerId } = await paid();
  await until(async () => (await sql.query("SELECT FROM project WHERE id = $1 AND state = 'SUCCEEDED'", [projectId])).rowCount === 1);
  const lateUntil = new Date(bed.now().getTime() + DAY_MS);
  await projects.openLatePledges({ requestId: randomUUID(), id: projectId, until: lateUntil }, await bed.as(sellerId, 'SELLER'));
  const who = await saver();
  const { pledge } = await pledges.createPledge(discounted(who, projectId, rewardId), await bed.as(who.id));
  assert.is(pledge?.state, Pledge_State.STATE_CHARGING);
  await payment.complete(await chargeOf(pledge!.id));
  await comesTo(who, 'USED 0');
});

test.after(() => closeBed(stop, second.stop, payment.stop, peers.stop));
test.run();
