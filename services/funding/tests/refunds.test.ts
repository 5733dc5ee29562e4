// What becomes of a pledge after it was paid: given back, in part or in full, or taken back by the payer's bank.
import { randomUUID } from 'node:crypto';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closesFor } from './closing.js';
import { openPaymentPeer } from './payment-peer.js';
import { bed, closeBed, openFunding, refusal, sql } from './support.js';

const payment = await openPaymentPeer();
const { pledges, stop } = await openFunding({ payment: payment.address });
const { chargeOf, closing, inState } = closesFor(payment);

test('staff give a paid pledge back, once', async () => {
  const { ids, who } = await closing(1);
  const id = ids[0]!;
  const admin = await bed.as(randomUUID(), 'ADMIN');
  const request = { requestId: randomUUID(), id, reason: '배송 불가', amount: undefined };
  const charge = await chargeOf(id);
  assert.is(await refusal(pledges.refundPledge({ ...request, requestId: randomUUID() }, admin)), 'PLEDGE_NOT_PAID');
  await payment.complete(charge);
  await inState(id, 'PAID');
  const { pledge } = await pledges.refundPledge(request, admin);
  assert.is(pledge?.state, Pledge_State.STATE_REFUNDED);
  assert.equal(await pledges.refundPledge(request, admin), { pledge });
  assert.is(payment.canceled.filter(({ pledgeId }) => pledgeId === id).length, 1);
  await payment.giveBack(charge);
  assert.is(await refusal(pledges.refundPledge(request, await bed.as(who[0]!.id))), 'CALLER_NOT_ALLOWED');
  assert.is(await refusal(pledges.refundPledge({ ...request, requestId: randomUUID(), id: randomUUID() }, admin)), 'PLEDGE_NOT_FOUND');
});

test('staff give a part of a paid pledge back; it stays paid until nothing is left', async () => {
  const { ids } = await closing(1);
  const id = ids[0]!;
  const admin = await bed.as(randomUUID(), 'ADMIN');
  const charge = await chargeOf(id);
  await payment.complete(charge);
  await inState(id, 'PAID');
  const part = { requestId: randomUUID(), id, reason: '일부 품절', amount: { ...charge.amount!, amountMinor: 3_000n } };
  const { pledge } = await pledges.refundPledge(part, admin);
  assert.is(pledge?.state, Pledge_State.STATE_PAID);
  assert.is(pledge?.refunded?.amountMinor, 3_000n);
  assert.equal(payment.refunded.at(-1), { requestId: part.requestId, pledgeId: id, amount: part.amount, reason: part.reason });
  // The same by its event, and an older one that comes late.
  await payment.giveBack(charge, undefined, 5_000n);
  await payment.giveBack(charge, undefined, 3_000n);
  await until(async () => (await sql.query('SELECT FROM pledge WHERE id = $1 AND refunded_minor = 5000', [id])).rowCount === 1);
  await payment.giveBack(charge);
  await inState(id, 'REFUNDED');
});

test('a pledge whose payer took the money back at the bank is charged back, and never paid again', async () => {
  const { ids } = await closing(1);
  const id = ids[0]!;
  const charge = await chargeOf(id);
  await payment.complete(charge);
  await payment.chargeBack(charge);
  await inState(id, 'CHARGED_BACK');
  await payment.complete(charge);
  await payment.giveBack(charge);
  const admin = await bed.as(randomUUID(), 'ADMIN');
  assert.is(
    await refusal(pledges.refundPledge({ requestId: randomUUID(), id, reason: '늦음', amount: undefined }, admin)),
    'PLEDGE_NOT_PAID',
  );
  await inState(id, 'CHARGED_BACK');
});

test("what becomes of an order of the shop is none of funding's", async () => {
  const { ids } = await closing(1);
  const charge = { ...(await chargeOf(ids[0]!)), pledgeId: '' };
  for (const tell of [payment.complete, payment.refuse, payment.giveBack, payment.chargeBack]) await tell(charge);
  await payment.complete(await chargeOf(ids[0]!));
  await inState(ids[0]!, 'PAID');
  assert.is((await sql.query('SELECT FROM kit.failed_event')).rowCount, 0);
});

test.after(() => closeBed(stop, payment.stop));
test.run();
