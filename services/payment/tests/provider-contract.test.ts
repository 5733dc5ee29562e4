// What payment relies on, of every provider: the same tests for each adapter, over HTTP.
import { randomUUID } from 'node:crypto';
import { testCard } from '@moa/sandbox-provider';
import { until } from '@moa/testkit';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { idempotencyKeyOf } from '../src/domain/charge.js';
import { CardRefused, OutcomeUnknown } from '../src/provider/port.js';
import { AMOUNT, booked, cardOf, FEE, linesOf, orderWith, paid, refundOf, unknown } from './toss/contract.js';
import { type Rig, sandboxRig, tossRig } from './toss/rigs.js';

const suites: ReturnType<typeof suite>[] = [];

for (const open of [sandboxRig, tossRig]) {
  const rig: Rig = await open();
  const { name, provider, impatient } = rig;
  const test = suite(name);

  test('a card is registered and charged, and the charge is found by its key and by its id', async () => {
    const card = cardOf('5555555555554444');
    const registered = await provider.registerCard(card);
    assert.is(registered.last4, '4444');
    assert.ok(registered.brand);
    const order = { ...(await orderWith(provider)), billingKey: registered.billingKey, holderId: card.holderId };
    const charge = booked(await provider.charge(order));
    assert.is(charge.state, 'SUCCEEDED');
    assert.is(charge.idempotencyKey, order.idempotencyKey);
    assert.equal([charge.amountMinor, charge.feeMinor, charge.currency], [AMOUNT, FEE, 'KRW']);
    assert.equal(charge.refunds, []);
    assert.equal(await provider.findCharge(order.idempotencyKey), charge);
    assert.equal(await provider.getCharge(charge.id), charge);
  });

  test('cards that cannot be used are refused, with the reason', async () => {
    for (const [wrong, reason] of [
      [{ cardNumber: '4000000000000003' }, 'CARD_INVALID'],
      [{ expiryYear: 2020 }, 'CARD_EXPIRED'],
      [{ cardNumber: testCard('REFUSED_AT_REGISTRATION') }, 'CARD_REFUSED'],
    ] as const) {
      await provider.registerCard({ ...cardOf(), ...wrong }).then(
        () => assert.unreachable(reason),
        (error) => {
          assert.instance(error, CardRefused);
          assert.is(error.reason, reason);
        },
      );
    }
  });

  test('nothing is found that nobody asked for', async () => {
    assert.is(await provider.findCharge(idempotencyKeyOf(randomUUID(), 1)), undefined);
    assert.is(await provider.getCharge(randomUUID()), undefined);
  });

  test('what the issuer declines is declined, with its code, and is found so', async () => {
    const order = await orderWith(provider, testCard('DECLINE'));
    const charge = booked(await provider.charge(order));
    assert.is(charge.state, 'DECLINED');
    assert.ok(charge.declineCode);
    assert.is(charge.feeMinor, 0n);
    assert.is((await provider.findCharge(order.idempotencyKey))?.state, 'DECLINED');
    assert.equal(await linesOf(provider, charge.id), []);
  });

  test('after a decline the next attempt has a key of its own, and may go through', async () => {
    const order = await orderWith(provider, testCard('DECLINE_FIRST', 1));
    const [paymentId] = order.idempotencyKey.split(':');
    assert.is((await provider.charge(order)).state, 'DECLINED');
    assert.is((await provider.charge({ ...order, idempotencyKey: idempotencyKeyOf(paymentId!, 2) })).state, 'SUCCEEDED');
  });

  test('a billing key that it does not know is refused, and nothing is booked', async () => {
    const order = { ...(await orderWith(provider)), billingKey: 'gone' };
    assert.is((await provider.charge(order)).state, 'REFUSED');
    assert.is(await provider.findCharge(order.idempotencyKey), undefined);
  });

  test('the same charge sent 20 times at once is booked once', async () => {
    const order = await orderWith(provider);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => provider.charge(order)));
    for (const answer of answers) if (answer.status === 'rejected') assert.instance(answer.reason, OutcomeUnknown);
    const charge = booked(await provider.charge(order));
    for (const answer of answers) if (answer.status === 'fulfilled') assert.is(booked(answer.value).id, charge.id);
    assert.is((await linesOf(provider, charge.id)).length, 1);
  });

  for (const [kind, what] of [
    ['TIMEOUT_AFTER_SUCCESS', 'books, and never answers'],
    ['TIMEOUT_BEFORE', 'neither books nor answers'],
    ['SLOW', 'books, and answers late'],
    ['ERROR_ONCE', 'fails once'],
  ] as const) {
    test(`the outcome of a charge is unknown when it ${what}; asked again it is booked once`, async () => {
      const order = await orderWith(provider, testCard(kind));
      await unknown(impatient.charge(order));
      let tries = 1;
      const charge = await until(async () => {
        tries += 1;
        const found = await impatient.findCharge(order.idempotencyKey);
        return found ?? (await impatient.charge({ ...order, tries }).catch(() => undefined));
      });
      assert.is(booked(charge).state, 'SUCCEEDED');
      assert.equal(
        (await linesOf(provider, booked(charge).id)).map(({ amountMinor, idempotencyKey }) => [amountMinor, idempotencyKey]),
        [[AMOUNT, order.idempotencyKey]],
      );
    });
  }

  test('parts are given back under keys of their own, and all of the fee with all of the money', async () => {
    const charge = await paid(rig);
    const parts = [1n, 333n, 7_777n, 21_889n];
    const keys: string[] = [];
    for (const part of parts) {
      const order = refundOf(charge.id, part);
      keys.push(order.idempotencyKey);
      const after = booked(await provider.refund(order));
      assert.is(after.state, keys.length === parts.length ? 'CANCELED' : 'PARTIALLY_REFUNDED');
      assert.is(after.refunds.find(({ idempotencyKey }) => idempotencyKey === order.idempotencyKey)?.amountMinor, part);
    }
    const { refunds } = (await provider.getCharge(charge.id))!;
    assert.equal(
      refunds.map(({ idempotencyKey }) => idempotencyKey),
      keys,
    );
    assert.is(new Set(refunds.map(({ id }) => id)).size, parts.length);
    assert.is(
      refunds.reduce((sum, { feeMinor }) => sum + feeMinor, 0n),
      FEE,
    );
  });

  test('more than is left is refused', async () => {
    const charge = await paid(rig);
    await provider.refund(refundOf(charge.id, 20_000n));
    assert.is((await provider.refund(refundOf(charge.id, 10_001n))).state, 'REFUSED');
    assert.is(booked(await provider.refund(refundOf(charge.id, 10_000n))).state, 'CANCELED');
    assert.is((await provider.refund(refundOf(charge.id, 1n))).state, 'REFUSED');
  });

  test('the same refund sent 10 times is one', async () => {
    const charge = await paid(rig);
    const order = refundOf(charge.id, 4_000n);
    await Promise.allSettled(Array.from({ length: 10 }, () => provider.refund(order)));
    assert.is(booked(await provider.refund(order)).state, 'PARTIALLY_REFUNDED');
    assert.is((await provider.getCharge(charge.id))!.refunds.length, 1);
  });

  test('a refund whose answer is lost is found when it is asked for again', async () => {
    const charge = await paid(rig);
    const order = refundOf(charge.id, 4_000n);
    await rig.loseRefundAnswer();
    await unknown(impatient.refund(order));
    const again = booked(await provider.refund({ ...order, tries: 2 }));
    assert.equal(
      again.refunds.map(({ idempotencyKey, amountMinor }) => [idempotencyKey, amountMinor]),
      [[order.idempotencyKey, 4_000n]],
    );
  });

  test('what others gave back is told, and is none of ours', async () => {
    const charge = await paid(rig);
    await rig.refundBehindOurBack(charge.id, 5_000);
    const { state, refunds } = (await provider.getCharge(charge.id))!;
    assert.is(state, 'PARTIALLY_REFUNDED');
    assert.equal(
      refunds.map(({ amountMinor, idempotencyKey }) => [amountMinor, idempotencyKey.startsWith('refund:')]),
      [[5_000n, false]],
    );
  });

  test('the books have every movement, with the fees that the charge has', async () => {
    const charge = await paid(rig);
    await provider.refund(refundOf(charge.id, 333n));
    await provider.refund(refundOf(charge.id, 10_001n));
    const { refunds } = (await provider.getCharge(charge.id))!;
    assert.equal(
      (await linesOf(provider, charge.id)).map(({ amountMinor, feeMinor, currency }) => [amountMinor, feeMinor, currency]),
      [[AMOUNT, FEE, 'KRW'], ...refunds.map(({ amountMinor, feeMinor }) => [-amountMinor, -feeMinor, 'KRW'])],
    );
  });

  test('its webhooks name the charge, and what is no webhook is refused', async () => {
    const charge = await paid(rig);
    await provider.refund(refundOf(charge.id, 1_000n));
    const event = await until(async () =>
      rig.webhooks.map(({ headers, body }) => provider.readWebhook(headers, body)).find((read) => read?.chargeId === charge.id),
    );
    assert.ok(event.idempotencyKey === undefined || event.idempotencyKey === charge.idempotencyKey);
    assert.ok(event.id);
    const { headers } = rig.webhooks[0]!;
    for (const body of ['', '{', '[]', '{"eventType":"PAYMENT_STATUS_CHANGED"}'])
      assert.throws(() => provider.readWebhook(headers, Buffer.from(body)), /WEBHOOK_(REFUSED|UNREADABLE)/);
  });

  test('while it is away every outcome is unknown', async () => {
    const order = await orderWith(provider);
    const charge = booked(await provider.charge(order));
    await rig.close();
    await unknown(provider.registerCard(cardOf()));
    await unknown(provider.charge(order));
    await unknown(provider.findCharge(order.idempotencyKey));
    await unknown(provider.getCharge(charge.id));
    await unknown(provider.refund(refundOf(charge.id, 1n)));
    await unknown(provider.listBooks(''));
  });

  test.after(() => rig.close().catch(() => {}));
  suites.push(test);
}

for (const test of suites) test.run();
