import { Payment_State } from '@moa/contracts/payment/v1/payment';
import { testCard } from '@moa/sandbox-provider';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { killedAt, running } from './payment-process.js';
import { backerWith, batch, chargeOf, openStand, settled } from './support.js';

const stand = await openStand('killed-while-charging');
const { STATE_COMPLETED, STATE_FAILED } = Payment_State;

for (const [point, what] of [
  ['payment.charge.taken', 'the batch is committed, and nobody was told'],
  ['payment.charge.sending', 'the attempt is claimed, and nothing was sent'],
  ['payment.provider.answered', 'the provider has charged, and nothing is written'],
  ['payment.charge.settled', 'all is written, and nothing published'],
  ['relay.published', 'the event is published, and not forgotten'],
] as const) {
  test(`killed at ${point} (${what}), a pledge is charged once`, async () => {
    const backer = await running(stand, (clients) => backerWith(stand, clients));
    const request = batch(chargeOf(backer));
    const { pledgeId } = request.charges[0]!;
    await killedAt(stand, point, ({ funding }) => funding.chargePledges(request));

    await running(stand, async (clients) => {
      const { id, state, attempts } = await settled(clients, backer, pledgeId);
      assert.is(state, STATE_COMPLETED);
      assert.is(attempts.length, 1);
      assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000']);
      assert.is((await stand.ledgerOf(id)).length, 4);
      assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
      // Who got no answer asks again, and is told of the same payment.
      assert.is((await clients.funding.chargePledges(request)).payments[0]?.id, id);
    });
    await stand.checkBooks();
  });
}

test('killed when the batch is committed, a pledge that points cover is completed once', async () => {
  const backer = await running(stand, (clients) => backerWith(stand, clients));
  const request = batch(chargeOf(backer, { amount: { currencyCode: 'KRW', amountMinor: 0n }, pointsMinor: 3_000n }));
  await killedAt(stand, 'payment.charge.taken', ({ funding }) => funding.chargePledges(request));
  await running(stand, async ({ funding }) => {
    const { payments } = await funding.chargePledges(request);
    assert.is(payments[0]!.state, STATE_COMPLETED);
    assert.equal(await stand.keysOf(payments[0]!.id), ['charge']);
    assert.equal(await stand.eventsOf(payments[0]!.id), { PaymentCompleted: 1 });
  });
});

test('killed when a decline was answered, the pledge fails once and is not charged', async () => {
  const backer = await running(stand, (clients) => backerWith(stand, clients, testCard('DECLINE')));
  const charge = chargeOf(backer);
  await killedAt(stand, 'payment.provider.answered', ({ funding }) => funding.chargePledges(batch(charge)));
  await running(stand, async (clients) => {
    const { id, state } = await settled(clients, backer, charge.pledgeId);
    assert.is(state, STATE_FAILED);
    assert.equal(await stand.ledgerOf(id), []);
    assert.equal(await stand.eventsOf(id), { PaymentFailed: 1 });
  });
});

test('killed in the middle of a batch again and again, each pledge is charged once', async () => {
  const backer = await running(stand, (clients) => backerWith(stand, clients));
  const charges = Array.from({ length: 30 }, () => chargeOf(backer));
  await killedAt(stand, 'payment.charge.settled', ({ funding }) => funding.chargePledges(batch(...charges)));
  for (const point of ['payment.provider.answered', 'payment.charge.sending']) {
    await killedAt(stand, point, async () => {});
  }
  await running(stand, async (clients) => {
    for (const { pledgeId } of charges) {
      const { id, state } = await settled(clients, backer, pledgeId);
      assert.is(state, STATE_COMPLETED);
      assert.equal(await stand.bookedOf(pledgeId), ['CHARGE 30000']);
      assert.equal(await stand.eventsOf(id), { PaymentCompleted: 1 });
    }
  });
  await stand.checkBooks();
});

test.after(stand.close);
test.run();
