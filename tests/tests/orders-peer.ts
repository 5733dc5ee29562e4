// The purchase service as payment sees it: has orders paid and given back, and says what is held for each, a few at a time.
import { randomUUID } from 'node:crypto';
import { InstantPaymentServiceDefinition, type OrderShare } from '@moa/contracts/payment/v1/instant_payment_service';
import { OrderServiceDefinition } from '@moa/contracts/purchase/v1/order_service';
import { type Implementation, openHost } from '@moa/kit';
import { testCard } from '@moa/sandbox-provider';
import type { Testbed } from '@moa/testkit';

const PAGE = 3;
export const ORDERED_MINOR = 20_000;

export async function openOrdersPeer(bed: Testbed) {
  /** In won, by order. */
  const held = new Map<string, number>();
  const methods = Object.keys(OrderServiceDefinition.methods).map((name) => [name, async () => Promise.reject(new Error('not here'))]);
  const implementation = {
    ...Object.fromEntries(methods),
    listChargedOrders: async ({ afterId }) => ({
      orders: [...held]
        .map(([id, minor]) => ({ id, held: { currencyCode: 'KRW', amountMinor: BigInt(minor) } }))
        .filter(({ id }) => id > afterId)
        .sort((left, right) => (left.id < right.id ? -1 : 1))
        .slice(0, PAGE),
    }),
  } as Implementation<typeof OrderServiceDefinition>;
  const host = await openHost('purchase', await bed.config('purchase'));
  host.serve(OrderServiceDefinition, implementation);
  const running = await host.listen();
  return { held, address: running.address, stop: running.stop };
}

/** Orders whose money is payment's; what is held for each is noted. */
export function orderingAt(bed: Testbed, paymentAddress: string, held: Map<string, number>) {
  const instant = {
    own: bed.connect(InstantPaymentServiceDefinition, paymentAddress),
    purchase: bed.connect(InstantPaymentServiceDefinition, paymentAddress, { as: 'purchase' }),
  };
  /** An order of 20,000 won that is paid, in money as far as points do not pay for it; as purchase says, too. */
  async function paidOrder(more: Partial<OrderShare> = {}) {
    const [orderId, payerId, sellerId] = [randomUUID(), randomUUID(), randomUUID()];
    const share = {
      sellerId,
      amountMinor: BigInt(ORDERED_MINOR),
      platformCouponMinor: 0n,
      sellerCouponMinor: 0n,
      pointsMinor: 0n,
      ...more,
    };
    const amount = { currencyCode: 'KRW', amountMinor: share.amountMinor - share.pointsMinor };
    const { payment: made } = await instant.purchase.createPayment({
      requestId: randomUUID(),
      orderId,
      payerId,
      orderName: '머그컵',
      amount,
      shares: [share],
      returnUrl: 'https://shop.example/paid',
      expireTime: new Date(bed.now().getTime() + 600_000),
    });
    if (amount.amountMinor > 0n) {
      const body = new URLSearchParams({ cardNumber: testCard('PLAIN'), expiryMonth: '12', expiryYear: '2040', action: 'pay' });
      const back = new URL((await fetch(made!.checkoutUrl, { method: 'POST', redirect: 'manual', body })).headers.get('location')!);
      const confirmation = { requestId: randomUUID(), orderId, paymentKey: back.searchParams.get('paymentKey')!, amount };
      await instant.own.confirmPayment(confirmation, await bed.as(payerId));
    }
    held.set(orderId, Number(amount.amountMinor));
    return { orderId, sellerId, paymentId: made!.id };
  }

  /** Gives so much of an order back, and so many of its points. */
  async function refundOrder({ orderId, sellerId }: { orderId: string; sellerId: string }, minor: number, pointsMinor = 0n): Promise<void> {
    await instant.purchase.refundPayment({
      requestId: randomUUID(),
      orderId,
      amount: { currencyCode: 'KRW', amountMinor: BigInt(minor) },
      lines: [{ sellerId, amountMinor: BigInt(minor), discounts: { platformCouponMinor: 0n, sellerCouponMinor: 0n, pointsMinor } }],
      reason: '환불',
    });
    held.set(orderId, held.get(orderId)! - minor);
  }

  return { paidOrder, refundOrder };
}
