// What the tests of all providers' adapters have in common.
import { randomUUID } from 'node:crypto';
import { testCard } from '@moa/sandbox-provider';
import * as assert from 'uvu/assert';
import { idempotencyKeyOf, refundKeyOf } from '../../src/domain/charge.js';
import type { BookLine } from '../../src/domain/reconciliation.js';
import { OutcomeUnknown, type PaymentProvider, type ProviderCharge, type Refusal } from '../../src/provider/port.js';
import type { Rig } from './rigs.js';

export const AMOUNT = 30_000n;
export const FEE = 720n;

export const cardOf = (cardNumber = testCard('PLAIN')) => ({
  cardNumber,
  expiryMonth: 12,
  expiryYear: 2099,
  holderId: randomUUID(),
  ownerNumber: '',
});

export async function orderWith(provider: PaymentProvider, cardNumber?: string) {
  const card = cardOf(cardNumber);
  const { billingKey } = await provider.registerCard(card);
  return {
    idempotencyKey: idempotencyKeyOf(randomUUID(), 1),
    billingKey,
    holderId: card.holderId,
    currency: 'KRW',
    amountMinor: AMOUNT,
    orderId: randomUUID(),
    tries: 1,
  };
}

export const refundOf = (chargeId: string, amountMinor: bigint, tries = 1) => ({
  chargeId,
  idempotencyKey: refundKeyOf(randomUUID()),
  currency: 'KRW',
  amountMinor,
  reason: '단순 변심 [환불]',
  tries,
});

export function booked(answer: ProviderCharge | Refusal | undefined): ProviderCharge {
  assert.ok(answer && answer.state !== 'REFUSED', `booked, and not ${answer?.state}`);
  return answer as ProviderCharge;
}

export const unknown = (promise: Promise<unknown>): Promise<void> =>
  promise.then(
    () => assert.unreachable('its outcome is unknown'),
    (error) => assert.instance(error, OutcomeUnknown),
  );

export async function paid({ provider }: Rig): Promise<ProviderCharge> {
  return booked(await provider.charge(await orderWith(provider)));
}

export async function linesOf(provider: PaymentProvider, chargeId: string): Promise<BookLine[]> {
  const lines: BookLine[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: Awaited<ReturnType<PaymentProvider['listBooks']>> = await provider.listBooks(cursor);
    lines.push(...page.lines);
    cursor = page.nextCursor;
  }
  assert.equal(
    lines.map(({ position }) => position),
    [...lines].sort((a, b) => a.position - b.position).map(({ position }) => position),
    'in order',
  );
  assert.is(new Set(lines.map(({ position }) => position)).size, lines.length, 'each once');
  return lines.filter((line) => line.chargeId === chargeId);
}
