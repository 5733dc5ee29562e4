import { randomUUID } from 'node:crypto';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { killedAt, running } from './payment-process.js';
import { openSellerPeer } from './seller-peer.js';
import { EARLY, openOffice } from './settlement-support.js';
import { openStand } from './support.js';

const stand = await openStand('killed-while-paying-out');
const seller = await openSellerPeer(stand.bed);
const more = { SELLER_ADDRESS: seller.address };

for (const [point, what] of [
  ['payment.payout.sending', 'it is approved, and nothing was sent'],
  ['payment.payout.answered', 'the bank has made it, and nothing is written'],
  ['payment.payout.settled', 'all is written, and nothing published'],
] as const) {
  test(`killed at ${point} (${what}), a payout is made once, by itself`, async () => {
    const { settlementId, payoutId } = await running(
      stand,
      async (clients, address) => {
        const office = await openOffice(stand, clients, address);
        const { projectId } = await office.project(1);
        const { id: settlementId } = await office.settle(projectId, EARLY);
        const { id: payoutId } = await office.request(settlementId);
        await office.close();
        return { settlementId, payoutId };
      },
      more,
    );
    await killedAt(
      stand,
      point,
      async (clients, address) => {
        const { settlements, second, close } = await openOffice(stand, clients, address);
        await settlements.approvePayout({ requestId: randomUUID(), id: payoutId }, await second());
        await close();
      },
      more,
    );
    await running(
      stand,
      async (clients, address) => {
        const { transfers, close } = await openOffice(stand, clients, address);
        await until(async () => (await stand.rows("SELECT FROM payout WHERE id = $1 AND state = 'PAID'", payoutId)).length === 1);
        const made = (await transfers()).filter(({ idempotencyKey }) => idempotencyKey === `payout:${payoutId}`);
        assert.is(made.length, 1);
        const booked = await stand.rows('SELECT FROM ledger_transaction WHERE business_key = $1', `payout:${payoutId}`);
        assert.is(booked.length, 1);
        assert.equal(await stand.eventsOf(settlementId), { SettlementCreated: 1, PayoutPaid: 1 });
        await close();
      },
      more,
    );
  });
}

test.after(async () => {
  await seller.stop();
  await stand.close();
});
test.run();
