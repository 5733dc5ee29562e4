// Orders to be paid, and buyers who pay them at the provider's page.
import { randomUUID } from 'node:crypto';
import type { InstantPayment, InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import type { CreatePaymentRequest, DiscountParts, OrderShare, RefundLine } from '@moa/contracts/payment/v1/instant_payment_service';
import { testCard } from '@moa/sandbox-provider';
import { until } from '@moa/testkit';
import * as assert from 'uvu/assert';
import type { Clients, Stand } from './support.js';

export const MINUTE_MS = 60_000;
export const won = (amountMinor: number) => ({ currencyCode: 'KRW', amountMinor: BigInt(amountMinor) });

export const share = (amountMinor: number, more: Partial<OrderShare> = {}): OrderShare => ({
  sellerId: randomUUID(),
  amountMinor: BigInt(amountMinor),
  platformCouponMinor: 0n,
  sellerCouponMinor: 0n,
  pointsMinor: 0n,
  ...more,
});

/** What of a refund is taken off a seller; coupons and points in proportion, unless said otherwise. */
export const lineOf = ({ sellerId }: Pick<OrderShare, 'sellerId'>, amount: number, discounts?: Partial<DiscountParts>): RefundLine => ({
  sellerId,
  amountMinor: BigInt(amount),
  discounts: discounts && { platformCouponMinor: 0n, sellerCouponMinor: 0n, pointsMinor: 0n, ...discounts },
});

/** What the purchase service asks to be given back: the sum of the lines. */
export const refundOf = ({ orderId }: Pick<Placed, 'orderId'>, ...lines: RefundLine[]) => ({
  requestId: randomUUID(),
  orderId,
  amount: won(lines.reduce((sum, { amountMinor }) => sum + Number(amountMinor), 0)),
  lines,
  reason: '부분 환불',
});

/** What the purchase service asks to be paid: 30,000 won to one seller, in 15 minutes, unless said otherwise. */
export const orderOf = ({ bed }: Stand, more: Partial<CreatePaymentRequest> = {}): CreatePaymentRequest => ({
  requestId: randomUUID(),
  orderId: randomUUID(),
  payerId: randomUUID(),
  orderName: '머그컵 외 1건',
  amount: won(30_000),
  shares: [share(30_000)],
  returnUrl: 'https://shop.example/paid?from=moa',
  expireTime: new Date(bed.now().getTime() + 15 * MINUTE_MS),
  ...more,
});

/** An order that waits to be paid, and its buyer. */
export async function placed(stand: Stand, { purchase }: Clients, more: Partial<CreatePaymentRequest> = {}) {
  const request = orderOf(stand, more);
  const { payment } = await purchase.createPayment(request);
  const token = await stand.bed.as(request.payerId);
  return { request, orderId: request.orderId, id: payment!.id, amount: request.amount!, checkoutUrl: payment!.checkoutUrl, token };
}

export type Placed = Awaited<ReturnType<typeof placed>>;

/** What the buyer comes back with from the page, having typed this card. */
export async function payAt(checkoutUrl: string, cardNumber = testCard('PLAIN')): Promise<URL> {
  const response = await fetch(checkoutUrl, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ cardNumber, expiryMonth: '12', expiryYear: '2099', action: 'pay' }),
  });
  assert.is(response.status, 303);
  return new URL(response.headers.get('location')!);
}

/** Pays at the page; gives what is to be confirmed. */
export async function authenticated({ checkoutUrl, orderId, amount }: Placed, cardNumber?: string) {
  const back = await payAt(checkoutUrl, cardNumber);
  return { requestId: randomUUID(), orderId, paymentKey: back.searchParams.get('paymentKey')!, amount };
}

/** An order that was paid. */
export async function paidOrder(stand: Stand, clients: Clients, more: Partial<CreatePaymentRequest> = {}): Promise<Placed> {
  const order = await placed(stand, clients, more);
  await clients.orders.confirmPayment(await authenticated(order), order.token);
  return order;
}

/** The payment, once it has this state. */
export const reached = ({ orders }: Clients, { orderId, token }: Placed, state: InstantPayment_State): Promise<InstantPayment> =>
  until(async () => {
    const { payment } = await orders.getPayment({ orderId }, token);
    return payment!.state === state ? payment : undefined;
  });

/** What the ledger says of a payment, by account and, where it has one, by owner. */
export async function sumsOf(stand: Stand, id: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { account, owner_id, amount_minor } of await stand.ledgerOf(id)) {
    const key = owner_id ? `${account} ${owner_id}` : account;
    sums[key] = (sums[key] ?? 0) + Number(amount_minor);
  }
  return sums;
}
