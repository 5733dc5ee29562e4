// Guests fill carts, check out with what they were given, pay at the provider's page, or think better of it.

import { Order_State } from '@moa/contracts/purchase/v1/order';
import { testCard } from '@moa/sandbox-provider';
import { atOnce } from '../at-once.js';
import { reasonOf } from '../people.js';
import type { Random } from '../random.js';
import type { Stage } from '../stage.js';
import type { Guest } from './backers.js';
import type { CouponRush, Goods } from './shop.js';

const CROWD = 16;
const RETURN_URL = 'https://shop.moa.example/paid';
/** Of ten, one never pays, and one takes the order back. */
const NEVER_PAYS = 9;
const THINKS_BETTER = 8;
/** How likely somebody looks at what there are only a few of, and takes a second thing. */
const RARE = 0.15;
const TWO = 0.4;

export interface Bought {
  readonly guest: Guest;
  readonly orderId: string;
  readonly paid: boolean;
}

export interface Shopping {
  readonly bought: readonly Bought[];
  readonly soldOut: number;
  readonly canceled: number;
}

export async function shop(
  guests: readonly Guest[],
  goods: readonly Goods[],
  coupons: CouponRush,
  points: ReadonlyMap<string, bigint>,
  random: Random,
): Promise<Shopping> {
  const wanted = guests.map(() => wishes(goods, random));
  const bought: Bought[] = [];
  let soldOut = 0;
  let canceled = 0;
  await atOnce(CROWD, [...guests.entries()], async ([nth, guest]) => {
    const { moa, accountId } = guest.person;
    const couponId = coupons.couponIds.get(accountId);
    for (const variantId of wanted[nth]!) await moa.carts.setCartItem({ variantId, quantity: 1 });
    const { cart } = await moa.carts.getCart({});
    const items = cart!.items.filter(({ unavailable }) => !unavailable);
    // The cart says so itself.
    if (items.length === 0) {
      soldOut += 1;
      return;
    }
    try {
      const { order } = await moa.orders.checkout({
        items: items.map(({ variantId, quantity, price }) => ({ variantId, quantity, price })),
        couponIds: couponId ? [couponId] : [],
        pointsMinor: points.get(accountId) ?? 0n,
        address: { recipient: guest.backer.name, phone: '010-2026-1126', postalCode: '04524', line1: guest.backer.street, line2: '' },
        returnUrl: RETURN_URL,
        fromCart: true,
      });
      const paid = nth % 10 !== NEVER_PAYS;
      if (paid) await pay(guest, order!.id, order!.checkoutUrl, order!.total!);
      if (nth % 10 === THINKS_BETTER) {
        await untilPaid(guest, order!.id);
        await moa.orders.cancelOrder({ id: order!.id, reason: '다른 곳에서 샀어요' });
        canceled += 1;
      }
      bought.push({ guest, orderId: order!.id, paid });
    } catch (error) {
      if (reasonOf(error) !== 'OUT_OF_STOCK') throw error;
      soldOut += 1;
    }
  });
  return { bought, soldOut, canceled };
}

// One thing, or two of different kinds; and everybody looks at what there are only a few of.
function wishes(goods: readonly Goods[], random: Random): string[] {
  const rare = goods.filter(({ data }) => data.everybodyWantsIt);
  const plain = goods.filter(({ data }) => !data.everybodyWantsIt);
  const picked = random.next() < RARE && rare.length > 0 ? [random.pick(rare)] : [random.pick(plain)];
  if (random.next() < TWO) picked.push(random.pick(plain.filter((one) => !picked.includes(one))));
  return picked.map(({ variantIds }) => random.pick(variantIds));
}

async function pay(
  { person }: Guest,
  orderId: string,
  checkoutUrl: string,
  amount: { currencyCode: string; amountMinor: bigint },
): Promise<void> {
  // An order that costs no money is paid already.
  if (checkoutUrl === '') return;
  const form = { cardNumber: testCard('PLAIN'), expiryMonth: '12', expiryYear: '2099', action: 'pay' };
  const response = await fetch(checkoutUrl, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) });
  const back = new URL(response.headers.get('location') ?? '');
  await person.moa.orderPayments.confirmPayment({ orderId, paymentKey: back.searchParams.get('paymentKey')!, amount });
}

// Payment tells purchase by event.
async function untilPaid({ person }: Guest, id: string): Promise<void> {
  for (;;) {
    const { order } = await person.moa.orders.getOrder({ id });
    if (order!.state === Order_State.STATE_PAID) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Every seller packs and sends what was paid. Gives how many parcels. */
export async function sendEverything(stage: Stage, goods: readonly Goods[]): Promise<number> {
  await stage.untilQuiet();
  let parcels = 0;
  for (const seller of new Set(goods.map((one) => one.seller))) {
    for (let pageToken = ''; ; ) {
      const page = await seller.moa.sellerOrders.listSellerOrders({ state: Order_State.STATE_PAID, pageSize: 100, pageToken });
      for (const { orderId } of page.orders) {
        await seller.moa.sellerOrders.prepareOrder({ orderId });
        await seller.moa.sellerOrders.registerOrderShipment({ orderId, carrier: 'CJ대한통운', trackingNumber: orderId.slice(-12) });
        parcels += 1;
      }
      pageToken = page.nextPageToken;
      if (!pageToken) break;
    }
  }
  return parcels;
}

/** A line of an order that somebody keeps. */
export interface Kept {
  readonly guest: Guest;
  readonly lineId: string;
  readonly productId: string;
}

export interface Arrivals {
  readonly kept: readonly Kept[];
  readonly completed: number;
  readonly returned: number;
}

/** Parcels have arrived: most are content, which earns points; one in six gives something back. */
export async function receive(stage: Stage, bought: readonly Bought[], goods: readonly Goods[]): Promise<Arrivals> {
  const kept: Kept[] = [];
  let completed = 0;
  let returned = 0;
  await atOnce(CROWD, [...bought.entries()], async ([nth, { guest, orderId }]) => {
    const { orders } = guest.person.moa;
    const { order } = await orders.getOrder({ id: orderId });
    if (order!.state !== Order_State.STATE_SHIPPED) return;
    await orders.confirmOrderDelivery({ id: orderId });
    if (nth % 6 === 5) {
      const line = order!.lines[0]!;
      await orders.requestReturn({ orderId, lineIds: [line.id], reason: '생각보다 작아요' });
      returned += 1;
    } else {
      await orders.completeOrder({ id: orderId });
      kept.push(...order!.lines.map(({ id: lineId, productId }) => ({ guest, lineId, productId })));
      completed += 1;
    }
  });
  for (const seller of new Set(goods.map((one) => one.seller))) {
    await seller.signIn();
    const { returnRequests } = await seller.moa.sellerOrders.listReturnRequests({ pageSize: 100 });
    for (const { id, state } of returnRequests) {
      if (state === 1) await seller.moa.sellerOrders.decideReturn({ id, approve: true, restock: true });
    }
  }
  await stage.untilQuiet();
  return { kept, completed, returned };
}
