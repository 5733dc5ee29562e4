// After a pledge was paid: parcels, requests for a refund, and the end of a project that was paid.
import { randomUUID } from 'node:crypto';
import { FulfilmentServiceDefinition } from '@moa/contracts/funding/v1/fulfilment_service';
import {
  PledgeDelivered,
  PledgeRefunded,
  PledgeReleased,
  ProjectClosed,
  RefundDecided,
  RefundRequested,
  ShipmentRegistered,
} from '@moa/contracts/funding/v1/funding_events';
import { Pledge_State, RefundRequest_State } from '@moa/contracts/funding/v1/pledge';
import { Project_State } from '@moa/contracts/funding/v1/project';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closesFor } from './closing.js';
import { openPaymentPeer } from './payment-peer.js';
import { bed, closeBed, DAY_MS, openFunding, projectRow, refusal, remaining, sql, states } from './support.js';

const payment = await openPaymentPeer();
const { pledges, projects, address, stop } = await openFunding({ payment: payment.address });
const { chargeOf, closing, inState } = closesFor(payment);
const fulfilment = bed.connect(FulfilmentServiceDefinition, address);
const APPROVE = { $case: 'approve', value: {} } as const;
const reject = (reason: string) => ({ $case: 'reject', value: { reason } }) as const;

/** A paid pledge of a reward that ships, promised for a month that is over, unless said otherwise. */
async function paid({ ships = true, deliveryMonth = '2020-03' } = {}) {
  const { projectId, sellerId, rewardId, who } = await closing(1);
  await sql.query('UPDATE reward SET ships = $2, delivery_month = $3 WHERE id = $1', [rewardId, ships, deliveryMonth]);
  const { pledgeId, id: backerId } = who[0]!;
  await payment.complete(await chargeOf(pledgeId));
  await inState(pledgeId, 'PAID');
  return {
    projectId,
    pledgeId,
    sellerId,
    backerId,
    backer: () => bed.as(backerId),
    seller: () => bed.as(sellerId, 'SELLER'),
    ship: async (more = {}) =>
      fulfilment.registerShipment(
        { requestId: randomUUID(), pledgeId, carrier: 'CJ대한통운', trackingNumber: '1234-5678', ...more },
        await bed.as(sellerId, 'SELLER'),
      ),
    ask: async () => fulfilment.requestRefund({ requestId: randomUUID(), pledgeId, reason: '마음이 바뀌었어요' }, await bed.as(backerId)),
  };
}

test('a parcel is sent, corrected and confirmed, each told once', async () => {
  const [sent, delivered] = [await payment.events.listen(ShipmentRegistered), await payment.events.listen(PledgeDelivered)];
  const { pledgeId, backer, ship } = await paid();
  const { pledge } = await ship();
  assert.equal([pledge!.shipment!.carrier, pledge!.shipment!.trackingNumber], ['CJ대한통운', '1234-5678']);
  const { pledge: corrected } = await ship({ trackingNumber: '8765-4321' });
  assert.equal(corrected!.shipment, { ...pledge!.shipment!, trackingNumber: '8765-4321' });
  const confirm = async () => fulfilment.confirmDelivery({ requestId: randomUUID(), pledgeId }, await backer());
  const { pledge: confirmed } = await confirm();
  assert.ok(confirmed!.shipment!.deliveryTime);
  assert.equal((await confirm()).pledge, confirmed);
  assert.is(await refusal(ship()), 'PLEDGE_DELIVERED');
  assert.equal((await pledges.getPledge({ id: pledgeId }, await backer())).pledge!.shipment, confirmed!.shipment);
  await until(() => sent.length === 2 && delivered.length === 1);
});

test('what was not paid, ships nothing or is of another seller is not sent; what was not sent is not confirmed', async () => {
  const { pledgeId, backer, ship } = await paid({ ships: false });
  assert.is(await refusal(ship()), 'NOTHING_TO_SHIP');
  const another = await bed.as(randomUUID(), 'SELLER');
  const shipment = { requestId: randomUUID(), pledgeId, carrier: 'x', trackingNumber: '1234' };
  assert.is(await refusal(fulfilment.registerShipment(shipment, another)), 'PLEDGE_NOT_FOUND');
  assert.is(await refusal(fulfilment.confirmDelivery({ requestId: randomUUID(), pledgeId }, await backer())), 'NOT_SHIPPED');
  assert.is(
    await refusal(fulfilment.confirmDelivery({ requestId: randomUUID(), pledgeId }, await bed.as(randomUUID()))),
    'PLEDGE_NOT_FOUND',
  );
  const unpaid = await closing(1);
  const early = { requestId: randomUUID(), pledgeId: unpaid.ids[0]!, carrier: 'x', trackingNumber: '1234' };
  assert.is(await refusal(fulfilment.registerShipment(early, await bed.as(unpaid.sellerId, 'SELLER'))), 'PLEDGE_NOT_PAID');
});

test('a parcel that nobody confirms counts as delivered after 14 days, and a week later its money is not asked back any more', async () => {
  const { pledgeId, ship, ask } = await paid();
  await ship();
  const isDelivered = async () =>
    (await sql.query('SELECT FROM pledge WHERE id = $1 AND delivery_time IS NOT NULL', [pledgeId])).rowCount === 1;
  assert.not.ok(await isDelivered());
  await sql.query("UPDATE pledge SET ship_time = ship_time - interval '14 days' WHERE id = $1", [pledgeId]);
  await until(isDelivered);
  await sql.query("UPDATE pledge SET delivery_time = delivery_time - interval '8 days' WHERE id = $1", [pledgeId]);
  assert.is(await refusal(ask()), 'REFUND_WINDOW_OVER');
});

test('a refund is asked for, approved by the seller, and given back once', async () => {
  const [asked, told, back] = [
    await payment.events.listen(RefundRequested),
    await payment.events.listen(RefundDecided),
    await payment.events.listen(PledgeRefunded),
  ];
  const { projectId, pledgeId, seller, backer, ship, ask } = await paid();
  await ship();
  const { refundRequest } = await ask();
  assert.is(refundRequest!.state, RefundRequest_State.STATE_OPEN);
  assert.is(await refusal(ask()), 'REFUND_REQUESTED_BEFORE');
  const page = { pageSize: 0, pageToken: '' };
  assert.equal((await fulfilment.listRefundRequests({ projectId, ...page }, await seller())).refundRequests, [refundRequest]);
  const decide = { requestId: randomUUID(), id: refundRequest!.id, decision: APPROVE };
  const { refundRequest: decided } = await fulfilment.decideRefund(decide, await seller());
  assert.is(decided!.state, RefundRequest_State.STATE_APPROVED);
  assert.equal((await fulfilment.decideRefund(decide, await seller())).refundRequest, decided);
  assert.is(await refusal(fulfilment.decideRefund({ ...decide, requestId: randomUUID() }, await seller())), 'REFUND_DECIDED');
  await inState(pledgeId, 'REFUNDED');
  assert.is(payment.canceled.filter((request) => request.pledgeId === pledgeId).length, 1);
  assert.equal((await pledges.getPledge({ id: pledgeId }, await backer())).pledge!.refundRequest, decided);
  await until(async () => (await sql.query('SELECT FROM pledge_refund')).rowCount === 0);
  await until(() => asked.length === 1 && told.length === 1 && back.length === 1);
});

test('a request that was rejected tells why, and may be made again; staff decide as well', async () => {
  const { pledgeId, seller, ask } = await paid();
  const first = (await ask()).refundRequest!;
  const { refundRequest } = await fulfilment.decideRefund(
    { requestId: randomUUID(), id: first.id, decision: reject('이미 발송했어요') },
    await seller(),
  );
  assert.equal([refundRequest!.state, refundRequest!.rejectionReason], [RefundRequest_State.STATE_REJECTED, '이미 발송했어요']);
  const second = (await ask()).refundRequest!;
  const admin = await bed.as(randomUUID(), 'ADMIN');
  const { refundRequests } = await fulfilment.listRefundRequests({ pageSize: 100, pageToken: '' }, admin);
  assert.ok(refundRequests.some(({ id }) => id === second.id));
  assert.ok(refundRequests.every(({ state }) => state === RefundRequest_State.STATE_OPEN));
  await fulfilment.decideRefund({ requestId: randomUUID(), id: second.id, decision: APPROVE }, admin);
  await inState(pledgeId, 'REFUNDED');
});

test('ten who decide at once decide once', async () => {
  const { pledgeId, seller, ask } = await paid();
  const { id } = (await ask()).refundRequest!;
  const as = await seller();
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      refusal(fulfilment.decideRefund({ requestId: randomUUID(), id, decision: n % 2 ? APPROVE : reject('no') }, as)),
    ),
  );
  assert.is(answers.filter((answer) => answer === 'REFUND_DECIDED').length, 9);
  await until(async () => (await sql.query('SELECT FROM pledge_refund WHERE pledge_id = $1', [pledgeId])).rowCount === 0);
});

test('nobody else asks, decides or sees, and what was promised for later is not asked back yet', async () => {
  const { projectId, pledgeId, ask } = await paid();
  const stranger = await bed.as(randomUUID(), 'USER', 'SELLER');
  const request = { requestId: randomUUID(), pledgeId, reason: 'x' };
  assert.is(await refusal(fulfilment.requestRefund(request, stranger)), 'PLEDGE_NOT_FOUND');
  const { id } = (await ask()).refundRequest!;
  assert.is(
    await refusal(fulfilment.decideRefund({ requestId: randomUUID(), id, decision: APPROVE }, stranger)),
    'REFUND_REQUEST_NOT_FOUND',
  );
  const page = { pageSize: 0, pageToken: '' };
  assert.is(await refusal(fulfilment.listRefundRequests({ projectId, ...page }, stranger)), 'PROJECT_NOT_FOUND');
  assert.is(await refusal(fulfilment.listRefundRequests(page, stranger)), 'PROJECT_NOT_FOUND');
  assert.is(await refusal((await paid({ deliveryMonth: '2099-12' })).ask()), 'REFUND_TOO_EARLY');
  assert.is(await refusal((await paid({ ships: false })).ask()), 'REFUND_WINDOW_OVER');
});

test('staff cancel a project that was paid: what was paid goes back, what waits is released, what is under way goes back when it comes', async () => {
  const closed = await payment.events.listen(ProjectClosed);
  const released = await payment.events.listen(PledgeReleased);
  const { projectId, rewardId, ids, sellerId } = await closing(4, { rewards: [{ stock: 10 }] });
  const [paidOne, failed, underWay, late] = ids as [string, string, string, string];
  await payment.complete(await chargeOf(paidOne));
  await payment.refuse(await chargeOf(failed));
  await chargeOf(underWay);
  await chargeOf(late);
  await inState(paidOne, 'PAID');
  await inState(failed, 'PAYMENT_FAILED');
  const cancel = { requestId: randomUUID(), id: projectId, reason: '제작 불가' };
  assert.is(await refusal(projects.cancelFundedProject(cancel, await bed.as(sellerId, 'SELLER'))), 'CALLER_NOT_ALLOWED');
  const admin = await bed.as(randomUUID(), 'ADMIN');
  const { project } = await projects.cancelFundedProject(cancel, admin);
  assert.equal([project!.state, project!.cancelReason], [Project_State.STATE_CANCELED, '제작 불가']);
  assert.is(await refusal(projects.cancelFundedProject({ ...cancel, requestId: randomUUID() }, admin)), 'PROJECT_NOT_FUNDED');
  await inState(paidOne, 'REFUNDED');
  await inState(failed, 'RELEASED');
  // These were with payment already: one comes in, one is refused.
  await payment.complete(await chargeOf(underWay));
  await payment.refuse(await chargeOf(late));
  await inState(underWay, 'REFUNDED');
  await inState(late, 'DROPPED');
  await until(() => closed.filter((event) => event.projectId === projectId && event.outcome === Project_State.STATE_CANCELED).length === 1);
  await until(() => released.filter((event) => event.projectId === projectId).length === 1);
  assert.is(await remaining(rewardId), 10 - 3);
  assert.is((await projectRow(projectId)).state, 'CANCELED');
  bed.shiftClock(2 * DAY_MS);
  assert.equal(await states(projectId), { REFUNDED: 2, RELEASED: 1, DROPPED: 1 });
  assert.is((await pledges.getPledge({ id: paidOne }, await bed.as(await backerOf(paidOne)))).pledge!.state, Pledge_State.STATE_REFUNDED);
});

test('what the bank took back before it could be given back is no longer asked for', async () => {
  const { projectId, ids } = await closing(1);
  const [id] = ids as [string];
  const charge = await chargeOf(id);
  await payment.complete(charge);
  await inState(id, 'PAID');
  payment.takenByBank.add(id);
  await projects.cancelFundedProject({ requestId: randomUUID(), id: projectId, reason: '제작 불가' }, await bed.as(randomUUID(), 'ADMIN'));
  await until(() => payment.canceled.some(({ pledgeId }) => pledgeId === id));
  await until(async () => (await sql.query('SELECT FROM pledge_refund WHERE pledge_id = $1', [id])).rows.length === 0);
  await payment.chargeBack(charge);
  await inState(id, 'CHARGED_BACK');
});

const backerOf = async (pledgeId: string): Promise<string> =>
  (await sql.query('SELECT backer_id FROM pledge WHERE id = $1', [pledgeId])).rows[0].backer_id;

test.after(() => closeBed(stop, payment.stop));
test.run();
