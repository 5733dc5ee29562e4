import { randomUUID } from 'node:crypto';
import type { Failure } from '@moa/kit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attemptOfKey, type Charge, checkCharges, idempotencyKeyOf, pauseMs } from '../src/domain/charge.js';

const charge = (more: Partial<Charge> = {}): Charge => ({
  pledgeId: randomUUID(),
  projectId: randomUUID(),
  sellerId: randomUUID(),
  payerId: randomUUID(),
  billingMethodId: randomUUID(),
  currency: 'KRW',
  amountMinor: 1n,
  attempt: 1,
  platformCouponMinor: 0n,
  sellerCouponMinor: 0n,
  pointsMinor: 0n,
  ...more,
});

const reasonIn = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    return (error as Failure).reason;
  }
  return undefined;
};

test('a batch has each pledge once', () => {
  const pledgeId = randomUUID();
  assert.is(
    reasonIn(() => checkCharges([charge({ pledgeId }), charge({ pledgeId, attempt: 2 })])),
    'PLEDGE_TWICE',
  );
});

test('what has no price is not charged; what coupons or points pay for has one', () => {
  assert.is(checkCharges([charge({ amountMinor: 0n, pointsMinor: 1n }), charge({ amountMinor: 0n, sellerCouponMinor: 1n })]).length, 2);
  assert.is(
    reasonIn(() => checkCharges([charge(), charge({ amountMinor: 0n })])),
    'AMOUNT_ZERO',
  );
});

test('a key leads back to its attempt, and only a key of ours does', () => {
  const paymentId = randomUUID();
  assert.equal(attemptOfKey(idempotencyKeyOf(paymentId, 12)), { paymentId, number: 12 });
  for (const foreign of [
    '',
    'order-1',
    paymentId,
    `${paymentId}:`,
    `${paymentId}:0`,
    `${paymentId}:cancel`,
    `x${paymentId}:1`,
    `${paymentId}:1 `,
  ]) {
    assert.is(attemptOfKey(foreign), undefined);
  }
});

test('pauses grow, and not for ever', () => {
  assert.equal([1, 2, 3, 8, 9, 500].map(pauseMs), [250, 500, 1_000, 30_000, 30_000, 30_000]);
});

test.run();
