// What the tests of the checkout share: the service in this process or in one of its own, and things to buy, made behind its back.
import { randomUUID } from 'node:crypto';
import { CartServiceDefinition } from '@moa/contracts/purchase/v1/cart_service';
import { CatalogServiceDefinition } from '@moa/contracts/purchase/v1/catalog_service';
import {
  CheckoutAdminServiceDefinition,
  OrderServiceDefinition,
  SellerOrderServiceDefinition,
} from '@moa/contracts/purchase/v1/order_service';
import { readConfig } from '@moa/kit';
import { killServices, openTestbed, reasonOf, spawnService } from '@moa/testkit';
import pg from 'pg';
import { variables } from '../src/config.js';
import { startPurchase } from '../src/service.js';
import type { Peers } from './checkout-peers.js';

export const MINUTE_MS = 60_000;
export const ADDRESS = { recipient: '김모아', phone: '010-1234-5678', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };

export const bed = await openTestbed('checkout');
export const sql = new pg.Pool({ connectionString: await bed.databaseUrl('purchase'), max: 4 });

const environmentOf = async ({ addresses }: Peers) => ({ ...(await bed.environment('purchase')), ...addresses });

const clientsOf = (address: string) => ({
  orders: bed.connect(OrderServiceDefinition, address),
  carts: bed.connect(CartServiceDefinition, address),
  catalogue: bed.connect(CatalogServiceDefinition, address),
  checkouts: bed.connect(CheckoutAdminServiceDefinition, address),
  sales: bed.connect(SellerOrderServiceDefinition, address),
  address,
});

export async function openPurchase(peers: Peers) {
  const running = await startPurchase(readConfig(variables, await environmentOf(peers)));
  return { ...clientsOf(running.address), stop: () => running.stop() };
}

/** Runs purchase in this process for as long as the work takes. */
export async function running(peers: Peers, work: (purchase: Awaited<ReturnType<typeof openPurchase>>) => Promise<unknown>): Promise<void> {
  const purchase = await openPurchase(peers);
  try {
    await work(purchase);
  } finally {
    await purchase.stop();
  }
}

/** Purchase as a process of its own, that dies at a point if one is named. */
export async function spawnPurchase(peers: Peers, crashAt = '') {
  const { address, kill, killed } = spawnService(new URL('../src/main.js', import.meta.url), await environmentOf(peers), crashAt);
  return { clients: async () => clientsOf(await address), kill, killed };
}

export async function closeBed(...stops: (() => Promise<void>)[]): Promise<void> {
  killServices();
  for (const stop of stops) await stop();
  await sql.end();
  await bed.close();
}

export interface Goods {
  readonly productId: string;
  readonly variantId: string;
  readonly sellerId: string;
  readonly priceMinor: number;
}

/** A product on sale with one variant. */
export async function goods({
  stock = 10,
  priceMinor = 10_000,
  state = 'ON_SALE',
  sellerId = randomUUID(),
  currency = 'KRW',
} = {}): Promise<Goods> {
  const [productId, variantId] = [randomUUID(), randomUUID()];
  await sql.query(
    `INSERT INTO product (id, seller_id, state, title, description, category, currency, create_time, publish_time)
       VALUES ($1, $2, $3, '머그컵', '', 'home', $4, now(), now())`,
    [productId, sellerId, state, currency],
  );
  await sql.query('INSERT INTO variant (id, product_id, position, price_minor, on_hand) VALUES ($1, $2, 1, $3, $4)', [
    variantId,
    productId,
    priceMinor,
    stock,
  ]);
  return { productId, variantId, sellerId, priceMinor };
}

export const won = (amountMinor: bigint | number) => ({ currencyCode: 'KRW', amountMinor: BigInt(amountMinor) });

/** One piece of each, unless said otherwise. */
export const orderOf = (what: readonly Goods[], more: object = {}) => ({
  requestId: randomUUID(),
  items: what.map(({ variantId, priceMinor }) => ({ variantId, quantity: 1, price: won(priceMinor) })),
  couponIds: [] as string[],
  pointsMinor: 0n,
  address: ADDRESS,
  returnUrl: 'https://shop.example/paid',
  fromCart: false,
  ...more,
});

export async function stockOf({ variantId }: Goods) {
  const { rows } = await sql.query('SELECT on_hand AS "onHand", reserved FROM variant WHERE id = $1', [variantId]);
  return rows[0] as { onHand: number; reserved: number };
}

/** The reason of a refusal; fails the test when there was none. */
export async function refusal(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => new Error('was not refused'),
    (error: unknown) => error,
  );
  return reasonOf(error) ?? String(error);
}

/** The only checkout of a buyer. */
export async function checkoutOf(buyerId: string) {
  const { rows } = await sql.query(
    `SELECT c.*, o.state AS order_state, o.placed, o.id AS order_id FROM checkout c JOIN "order" o ON o.id = c.order_id WHERE o.buyer_id = $1 ORDER BY o.id DESC`,
    [buyerId],
  );
  return rows[0] as
    | { state: string; order_state: string; order_id: string; placed: boolean; undo_reason: string; failures: number }
    | undefined;
}
