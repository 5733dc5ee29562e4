// What payment relies on, of every provider, for orders that are paid at its page: the same tests for each adapter, over HTTP.
import { randomUUID } from 'node:crypto';
import { testCard } from '@moa/sandbox-provider';
import { until } from '@moa/testkit';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { idempotencyKeyOf } from '../src/domain/charge.js';
import { PAYMENT_KEY_MISMATCH } from '../src/domain/instant-payment.js';
import { OutcomeUnknown } from '../src/provider/port.js';
import { payAt } from './orders.js';
import { AMOUNT, booked, FEE, linesOf, unknown } from './toss/contract.js';
import { type Rig, sandboxRig, tossRig } from './toss/rigs.js';

const suites: ReturnType<typeof suite>[] = [];

for (const open of [sandboxRig, tossRig]) {
  const rig: Rig = await open();
  const { name, provider, impatient } = rig;
  const test = suite(name);

  const orderToPay = () => ({
    orderId: randomUUID(),
    orderName: '머그컵 외 1건',
    currency: 'KRW',
    amountMinor: AMOUNT,
    returnUrl: 'https://shop.example/paid?from=moa',
    lifetimeMs: 900_000,
  });

  async function agreed(cardNumber?: string) {
    const { orderId, currency, amountMinor, ...order } = orderToPay();
    const { url } = await provider.openCheckout({ orderId, currency, amountMinor, ...order });
    const back = await payAt(url, cardNumber);
    const paymentKey = back.searchParams.get('paymentKey')!;
    assert.is(back.searchParams.get('orderId'), orderId);
    assert.is(back.searchParams.get('from'), 'moa');
    return { idempotencyKey: idempotencyKeyOf(randomUUID(), 1), paymentKey, orderId, currency, amountMinor, tries: 1 };
  }

  test('an order is paid at the page: nothing is charged before it is confirmed, and then once', async () => {
    const confirmation = await agreed();
    assert.is(await provider.findPayment(confirmation.orderId), undefined);
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => provider.confirm(confirmation)));
    for (const answer of answers) if (answer.status === 'rejected') assert.instance(answer.reason, OutcomeUnknown);
    const charge = booked(await provider.confirm(confirmation));
    assert.equal([charge.state, charge.id, charge.amountMinor, charge.feeMinor], ['SUCCEEDED', confirmation.paymentKey, AMOUNT, FEE]);
    assert.ok([confirmation.idempotencyKey, confirmation.orderId].includes(charge.idempotencyKey), 'our key, or the order');
    assert.equal(await provider.findPayment(confirmation.orderId), charge);
    assert.equal(await provider.closeCheckout(confirmation.orderId), charge);
    assert.equal(
      (await linesOf(provider, charge.id)).map(({ amountMinor, idempotencyKey }) => [amountMinor, idempotencyKey]),
      [[AMOUNT, charge.idempotencyKey]],
    );
  });

  test('the page of an order is the same however often it is asked for, and is closed when nothing was paid', async () => {
    const order = orderToPay();
    const { url } = await provider.openCheckout(order);
    assert.is((await provider.openCheckout(order)).url, url);
    assert.is(await provider.closeCheckout(order.orderId), undefined);
    assert.is(await provider.closeCheckout(randomUUID()), undefined);
    assert.is(await provider.findPayment(randomUUID()), undefined);
  });

  test('a payment key of another order, or of another amount, is refused, and nothing is charged', async () => {
    const [one, other] = [await agreed(), await agreed()];
    for (const wrong of [{ paymentKey: other.paymentKey }, { amountMinor: 29_999n }, { paymentKey: 'nobodys' }])
      assert.equal(await provider.confirm({ ...one, idempotencyKey: idempotencyKeyOf(randomUUID(), 1), ...wrong }), {
        state: 'REFUSED',
        code: PAYMENT_KEY_MISMATCH,
      });
    assert.is(await provider.findPayment(one.orderId), undefined);
    assert.is((await provider.confirm(one)).state, 'SUCCEEDED');
  });

  test('a card that is declined at the confirmation is declined with its code, and not paid', async () => {
    const confirmation = await agreed(testCard('DECLINE'));
    const charge = booked(await provider.confirm(confirmation));
    assert.is(charge.state, 'DECLINED');
    assert.ok(charge.declineCode);
    assert.is(await provider.findPayment(confirmation.orderId), undefined);
  });

  for (const kind of ['TIMEOUT_AFTER_SUCCESS', 'TIMEOUT_BEFORE', 'ERROR_ONCE'] as const) {
    test(`a confirmation whose outcome is unknown (${kind}) is asked for, and approved once`, async () => {
      const confirmation = await agreed(testCard(kind));
      await unknown(impatient.confirm(confirmation));
      let tries = 1;
      const charge = await until(async () => {
        tries += 1;
        const found = await impatient.findPayment(confirmation.orderId);
        return found ?? (await impatient.confirm({ ...confirmation, tries }).catch(() => undefined));
      });
      assert.is(booked(charge).state, 'SUCCEEDED');
      assert.is((await linesOf(provider, booked(charge).id)).length, 1);
    });
  }

  test.after(() => rig.close());
  suites.push(test);
}

for (const test of suites) test.run();
