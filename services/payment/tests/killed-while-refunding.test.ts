import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { Payment_State, Refund_State } from '@moa/contracts/payment/v1/payment';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { killedAt, running } from './payment-process.js';
import { backerWith, batch, CHARGED_AND_REFUNDED, card, chargeOf, openStand, paidCharge, refundOf, settled } from './support.js';

const CLAIM_LEASE_MS = 30_000;

const stand = await openStand('killed-while-refunding');
const { STATE_COMPLETED, STATE_CANCELED } = Payment_State;

for (const [point, what] of [
  ['payment.refund.sending', 'it is written that it will be, and nothing was sent'],
  ['payment.refund.answered', 'the provider gave it back, and nothing is written'],
  ['payment.refund.settled', 'all is written, and nothing published'],
] as const) {
  test(`killed at ${point} (${what}), a charge is given back once, by itself`, async () => {
    const { backer, pledgeId } = await running(stand, async (clients) => {
      const backer = await backerWith(stand, clients);
      const charge = chargeOf(backer);
      await clients.funding.chargePledges(batch(charge));
      await settled(clients, backer, charge.pledgeId, STATE_COMPLETED);
      return { backer, pledgeId: charge.pledgeId };
    });
    const request = { requestId: randomUUID(), pledgeId, reason: 'refund' };
    const error = await killedAt(stand, point, ({ funding }) => funding.cancelCharge(request));
    assert.is((error as { code: number }).code, status.UNAVAILABLE);

    await running(stand, async (clients) => {
      const { id } = await settled(clients, backer, pledgeId, STATE_CANCELED);
      assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 30000']);
      assert.is((await stand.ledgerOf(id)).length, CHARGED_AND_REFUNDED);
      assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1, PaymentCanceled: 1 });
    });
    await stand.checkBooks();
  });
}

for (const point of ['payment.refund.sending', 'payment.refund.answered', 'payment.refund.settled']) {
  test(`killed at ${point}, a refund in part is made once, with its points, and the same request tells of it`, async () => {
    const { id, pledgeId } = await running(stand, (clients) => paidCharge(stand, clients, 30_000n, { pointsMinor: 6_000n }));
    const request = refundOf(pledgeId, 12_345n);
    const error = await killedAt(stand, point, ({ funding }) => funding.refundCharge(request));
    assert.is((error as { code: number }).code, status.UNAVAILABLE);
    // The one who held the request is gone; it is free again when its time is over.
    stand.bed.shiftClock(CLAIM_LEASE_MS);
    await running(stand, async ({ funding }) => {
      const { payment } = await funding.refundCharge(request);
      assert.equal(
        payment?.refunds.map(({ state, amount, pointsMinor }) => [state, amount?.amountMinor, pointsMinor]),
        [[Refund_State.STATE_SETTLED, 12_345n, 2_469n]],
      );
      assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 12345']);
      assert.equal(await stand.keysOf(id), ['charge', 'refund-due', 'refund']);
      assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentRefunded: 1 });
    });
    await stand.checkBooks();
  });
}

for (const point of ['payment.card.registered', 'payment.card.stored']) {
  test(`killed at ${point}, the same request gives one billing method`, async () => {
    const accountId = randomUUID();
    const request = card();
    const token = await stand.bed.as(accountId);
    await killedAt(stand, point, ({ payments }) => payments.registerBillingMethod(request, token));
    // The one who held the request is gone; it is free again when its time is over.
    stand.bed.shiftClock(CLAIM_LEASE_MS);
    await running(stand, async ({ payments }) => {
      const { billingMethod } = await payments.registerBillingMethod(request, token);
      const { billingMethods } = await payments.listBillingMethods({ pageSize: 0, pageToken: '' }, token);
      assert.equal(billingMethods, [billingMethod]);
      assert.equal(await stand.eventsOf(accountId), { BillingMethodRegistered: 1 });
    });
  });
}

test.after(stand.close);
test.run();
