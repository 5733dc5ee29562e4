import { randomUUID } from 'node:crypto';
import { Payment_State, Refund_State } from '@moa/contracts/payment/v1/payment';
import { PaymentChargedBack } from '@moa/contracts/payment/v1/payment_events';
import { testCard } from '@moa/sandbox-provider';
import { openEvents, reasonOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { killedAt, running } from './payment-process.js';
import { backerWith, batch, type Clients, chargeOf, errorOf, openStand, paidCharge, refundOf, settled } from './support.js';

const stand = await openStand('chargebacks');
const events = await openEvents(stand.bed);
const told = await events.listen(PaymentChargedBack);
const { STATE_CHARGED_BACK } = Payment_State;

const refusal = async (call: Promise<unknown>) => reasonOf(await errorOf(call));
const tell = ({ webhooks }: Clients, chargeId: string) => webhooks.receiveWebhook(stand.webhook(chargeId, 'charge.charged_back'));
const takeBack = async (clients: Clients, chargeId: string): Promise<void> => {
  await stand.chargeBackAt(chargeId);
  await tell(clients, chargeId);
};

test("what the payer's bank took back is off the books of seller and platform, once; the provider keeps its fee", () =>
  running(stand, async (clients) => {
    const { id, pledgeId, chargeId, backer } = await paidCharge(stand, clients);
    await takeBack(clients, chargeId);
    for (let times = 0; times < 3; times++) await tell(clients, chargeId);
    await settled(clients, backer, pledgeId, STATE_CHARGED_BACK);
    assert.equal(await stand.accountsOf(id), { PROVIDER_FEE: -720, SELLER_PAYABLE: 720 });
    assert.equal(await stand.keysOf(id), ['charge', 'chargeback']);
    assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentChargedBack: 1 });
    await until(() => told.some((event) => event.paymentId === id));
    assert.is(told.find((event) => event.paymentId === id)?.amount?.amountMinor, 30_000n);
    assert.is(await refusal(clients.funding.refundCharge(refundOf(pledgeId, 1n))), 'PAYMENT_CHARGED_BACK');
    assert.is(await refusal(clients.funding.cancelCharge({ requestId: randomUUID(), pledgeId, reason: '취소' })), 'PAYMENT_CHARGED_BACK');
    await stand.checkBooks();
  }));

test('after a refund in part, what is left is taken back', () =>
  running(stand, async (clients) => {
    const { id, pledgeId, chargeId, backer } = await paidCharge(stand, clients);
    await clients.funding.refundCharge(refundOf(pledgeId, 11_111n));
    await takeBack(clients, chargeId);
    const payment = await settled(clients, backer, pledgeId, STATE_CHARGED_BACK);
    assert.is(payment.refunded?.amountMinor, 11_111n);
    assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000', 'REFUND 11111', 'CHARGEBACK 18889']);
    // 720 less the 267 that came back with the refund.
    assert.equal(await stand.accountsOf(id), { PROVIDER_FEE: -453, SELLER_PAYABLE: 453 });
    await until(() => told.some((event) => event.paymentId === id));
    assert.is(told.find((event) => event.paymentId === id)?.amount?.amountMinor, 18_889n);
    await stand.checkBooks();
  }));

test('a refund that finds the payment charged back is refused, and tells of the chargeback itself', () =>
  running(stand, async (clients) => {
    const { id, pledgeId } = await paidCharge(stand, clients);
    await stand.fault({ kind: 'CHARGEBACK', operation: 'REFUND' });
    const request = refundOf(pledgeId, 5_000n);
    for (let times = 0; times < 2; times++) assert.is(await refusal(clients.funding.refundCharge(request)), 'REFUND_REFUSED');
    assert.is(await refusal(clients.funding.refundCharge(refundOf(pledgeId, 5_000n))), 'PAYMENT_CHARGED_BACK');
    assert.equal(await stand.keysOf(id), ['charge', 'refund-due', 'refund-refused', 'chargeback']);
    assert.equal(await stand.accountsOf(id), { PROVIDER_FEE: -720, SELLER_PAYABLE: 720 });
    assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentChargedBack: 1 });
    await stand.checkBooks();
  }));

test('a refund whose answer was lost counts before the chargeback that came after it', () =>
  running(stand, async (clients) => {
    const { id, pledgeId, chargeId, backer } = await paidCharge(stand, clients);
    await stand.fault({ kind: 'TIMEOUT_AFTER_SUCCESS', operation: 'REFUND' });
    const refund = errorOf(clients.funding.refundCharge(refundOf(pledgeId, 5_000n)));
    await until(async () => (await stand.bookedOf(pledgeId)).length === 2);
    await takeBack(clients, chargeId);
    await refund;
    const payment = await settled(clients, backer, pledgeId, STATE_CHARGED_BACK);
    assert.equal(
      payment.refunds.map(({ state }) => state),
      [Refund_State.STATE_SETTLED],
    );
    assert.equal(await stand.keysOf(id), ['charge', 'refund-due', 'refund', 'chargeback']);
    await stand.checkBooks();
  }));

test('a charge that is charged back before anybody knew that it was paid', () =>
  running(stand, async (clients) => {
    const backer = await backerWith(stand, clients, testCard('TIMEOUT_AFTER_SUCCESS'));
    const charge = chargeOf(backer);
    await clients.funding.chargePledges(batch(charge));
    await until(async () => (await stand.bookedOf(charge.pledgeId)).length === 1);
    const { payment } = await clients.payments.getPayment({ pledgeId: charge.pledgeId }, backer.token);
    await stand.chargeBackAt((await stand.chargeAt(payment!.id)).id);
    await settled(clients, backer, charge.pledgeId, STATE_CHARGED_BACK);
    assert.equal(await stand.eventsOf(payment!.id), { PaymentCompleted: 1, PaymentChargedBack: 1 });
    await stand.checkBooks();
  }));

for (const point of ['payment.refund.sending', 'payment.refund.answered', 'payment.refund.refused', 'payment.refund.settled']) {
  test(`killed at ${point}, a refund that met a chargeback is refused once, and the chargeback is written once`, async () => {
    const { id, pledgeId, backer } = await running(stand, (clients) => paidCharge(stand, clients));
    await stand.fault({ kind: 'CHARGEBACK', operation: 'REFUND' });
    await killedAt(stand, point, ({ funding }) => funding.refundCharge(refundOf(pledgeId, 5_000n)));
    await running(stand, async (clients) => {
      // The one that was killed may have been the only one to be told by the refusal: then the webhook tells.
      if (point === 'payment.refund.refused') await tell(clients, (await stand.chargeAt(id)).id);
      const payment = await settled(clients, backer, pledgeId, STATE_CHARGED_BACK);
      assert.equal(
        payment.refunds.map(({ state }) => state),
        [Refund_State.STATE_REFUSED],
      );
      assert.equal(await stand.keysOf(id), ['charge', 'refund-due', 'refund-refused', 'chargeback']);
      assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1, PaymentChargedBack: 1 });
    });
    await stand.checkBooks();
  });
}

test.after(async () => {
  await events.close();
  await stand.close();
});
test.run();
