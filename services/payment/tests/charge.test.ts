import { randomUUID } from 'node:crypto';
import { Payment_State } from '@moa/contracts/payment/v1/payment';
import { until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { card, openStand } from './support.js';

const stand = await openStand('charge');
const { payments, funding } = stand.clients(await stand.start());

test('thin', async () => {
  const backerId = randomUUID();
  const me = await stand.bed.as(backerId);
  const { billingMethod } = await payments.registerBillingMethod(card(), me);
  const pledgeId = randomUUID();
  const a = await funding.chargePledges({
    requestId: randomUUID(),
    charges: [
      {
        pledgeId,
        projectId: randomUUID(),
        sellerId: randomUUID(),
        backerId,
        billingMethodId: billingMethod!.id,
        amount: { currencyCode: 'KRW', amountMinor: 10_000n },
        attempt: 1,
      },
    ],
  });
  console.log(a.payments[0]);
  const p = await until(async () => {
    const { payment } = await payments.getPayment({ pledgeId }, me);
    return payment!.state === Payment_State.STATE_COMPLETED ? payment : undefined;
  });
  console.log(p);
  assert.is(p.state, Payment_State.STATE_COMPLETED);
});

test.after(stand.close);
test.run();
