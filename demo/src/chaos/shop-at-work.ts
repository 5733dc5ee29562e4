// What people do in a round of the shop, all of them at once: claim coupons, fill carts, check out, pay, take back; then sellers send, and parcels arrive.
import { Order_State } from '@moa/contracts/purchase/v1/order';
import { testCard } from '@moa/sandbox-provider';
import { atOnce } from '../at-once.js';
import { type Goods, rushForCoupons } from '../chapters/shop.js';
import type { Check } from '../checks/check.js';
import { noneOf } from '../checks/check.js';
import type { Person } from '../people.js';
import type { Random } from '../random.js';
import type { Crowd } from './people-at-work.js';

const MOVES = 3;
const POINTS = 700n;
const PAGE = 100;
const A_MINUTE_MS = 60_000;
const RETURN_URL = 'https://shop.moa.example/paid';
const ADDRESS = { recipient: '김모아', phone: '010-0000-0000', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };
/** Longer than stock is held for who does not pay. */
export const UNPAID_ENDS_MS = 16 * A_MINUTE_MS;

/** Orders that were acknowledged, and what they cost. */
export type Orders = Map<string, bigint>;

/** Staff give points, and everybody claims, buys, pays or thinks better of it. */
export async function buyAndThinkAgain(crowd: Crowd, goods: readonly Goods[], orders: Orders): Promise<void> {
  const { backers, journal, admin } = crowd;
  const rush = await journal.ask(() =>
    rushForCoupons(
      admin,
      backers.map((person) => ({ person })),
    ),
  );
  const coupons = typeof rush === 'string' ? new Map<string, string>() : rush.answer.couponIds;
  const plans = backers.map((person) => ({ person, random: crowd.random.fork() }));
  await atOnce(backers.length, plans, async ({ person, random }) => {
    if (random.next() < 0.5)
      await journal.ask(() => admin.moa.points.grantPoints({ accountId: person.accountId, amountMinor: POINTS, reason: '이벤트' }));
    for (let move = 0; move < MOVES; move++) await buy(crowd, person, goods, coupons.get(person.accountId), random, orders);
  });
}

async function buy(
  { journal }: Crowd,
  person: Person,
  goods: readonly Goods[],
  couponId: string | undefined,
  random: Random,
  orders: Orders,
): Promise<void> {
  const { moa } = person;
  const wanted = [random.pick(goods), random.pick(goods)].slice(0, random.whole(1, 2));
  const variantIds = [...new Set(wanted.map(({ variantIds: of }) => random.pick(of)))];
  const [usesCoupon, usesPoints, what] = [random.next() < 0.5, random.next() < 0.4, random.next()];
  for (const variantId of variantIds) await journal.ask(() => moa.carts.setCartItem({ variantId, quantity: random.whole(1, 2) }));
  const placed = await journal.ask(async () => {
    const { cart } = await moa.carts.getCart({});
    return moa.orders.checkout({
      items: cart!.items
        .filter(({ unavailable }) => !unavailable)
        .map(({ variantId, quantity, price }) => ({ variantId, quantity, price })),
      couponIds: usesCoupon && couponId ? [couponId] : [],
      pointsMinor: usesPoints ? POINTS : 0n,
      address: ADDRESS,
      returnUrl: RETURN_URL,
      fromCart: true,
    });
  });
  if (typeof placed === 'string') return;
  const { id, total, checkoutUrl } = placed.answer.order!;
  orders.set(id, total!.amountMinor);
  if (what < 0.15) return;
  if (what < 0.8 && checkoutUrl !== '') await pay({ journal }, person, id, checkoutUrl, total!);
  if (what > 0.65) await journal.ask(() => moa.orders.cancelOrder({ id, reason: '마음이 바뀌었어요' }));
}

async function pay(
  { journal }: Pick<Crowd, 'journal'>,
  { moa }: Person,
  orderId: string,
  checkoutUrl: string,
  amount: { currencyCode: string; amountMinor: bigint },
): Promise<void> {
  const form = { cardNumber: testCard('PLAIN'), expiryMonth: '12', expiryYear: '2099', action: 'pay' };
  // The provider dies, too: who finds no page does not pay.
  const response = await fetch(checkoutUrl, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) }).catch(() => undefined);
  const paymentKey = new URL(response?.headers.get('location') ?? RETURN_URL).searchParams.get('paymentKey');
  if (paymentKey) await journal.ask(() => moa.orderPayments.confirmPayment({ orderId, paymentKey, amount }));
}

/** Sellers send what was paid; buyers confirm, complete or return; sellers decide; staff give some back. */
export async function sendAndReceive(crowd: Crowd, goods: readonly Goods[]): Promise<void> {
  const { journal, backers, admin } = crowd;
  const sellers = [...new Set(goods.map(({ seller }) => seller))];
  await atOnce(sellers.length, sellers, async (seller) => {
    await seller.signIn();
    const page = await journal.ask(() => seller.moa.sellerOrders.listSellerOrders({ state: Order_State.STATE_PAID, pageSize: PAGE }));
    if (typeof page === 'string') return;
    for (const { orderId } of page.answer.orders) {
      const parcel = { orderId, carrier: '우체국', trackingNumber: orderId.slice(-12) };
      await journal.ask(() => seller.moa.sellerOrders.registerOrderShipment(parcel));
    }
  });
  const plans = backers.map((person) => ({ person, random: crowd.random.fork() }));
  await atOnce(backers.length, plans, async ({ person, random }) => {
    const page = await journal.ask(() => person.moa.orders.listMyOrders({ pageSize: PAGE }));
    if (typeof page === 'string') return;
    for (const { id, lines } of page.answer.orders.filter((order) => order.state === Order_State.STATE_SHIPPED)) {
      await journal.ask(() => person.moa.orders.confirmOrderDelivery({ id }));
      const line = lines.find((one) => one.state === Order_State.STATE_SHIPPED);
      if (line && random.next() < 0.4)
        await journal.ask(() => person.moa.orders.requestReturn({ orderId: id, lineIds: [line.id], reason: '작아요' }));
      else await journal.ask(() => person.moa.orders.completeOrder({ id }));
    }
  });
  await atOnce(sellers.length, sellers, async (seller) => {
    const page = await journal.ask(() => seller.moa.sellerOrders.listReturnRequests({ pageSize: PAGE }));
    if (typeof page === 'string') return;
    for (const { id } of page.answer.returnRequests.filter((request) => request.state === 1))
      await journal.ask(() => seller.moa.sellerOrders.decideReturn({ id, approve: true, restock: true }));
  });
  await admin.signIn();
  const completed = await crowd.stage.sql<{ order_id: string; id: string }>(
    'purchase',
    `SELECT order_id, id FROM order_line WHERE state = 'COMPLETED' ORDER BY id DESC LIMIT 3`,
  );
  for (const { order_id: id, id: lineId } of completed)
    await journal.ask(() => admin.moa.orders.refundOrder({ id, lineIds: [lineId], reason: '불량', restock: true }));
}

export const ordersCheck = (orders: Orders): Check => ({
  says: 'every order that was acknowledged is there, and costs what its buyer was told',
  async look(stage) {
    const rows = await stage.sql<{ id: string; total: string }>('purchase', 'SELECT id, total_minor AS total FROM "order" WHERE placed');
    const byId = new Map(rows.map(({ id, total }) => [id, BigInt(total)]));
    const broken = [...orders].filter(([id, total]) => byId.get(id) !== total).map(([id]) => id);
    return noneOf(broken, `${orders.size} orders acknowledged, ${rows.length} there`);
  },
});
