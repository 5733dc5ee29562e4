// What the tests of the catalogue share: the service in this process, and products as their sellers make them.
import { randomUUID } from 'node:crypto';
import { CatalogServiceDefinition, type CreateProductRequest, type NewVariant } from '@moa/contracts/purchase/v1/catalog_service';
import type { Product } from '@moa/contracts/purchase/v1/product';
import { openHost, readConfig } from '@moa/kit';
import { openTestbed, reasonOf } from '@moa/testkit';
import pg from 'pg';
import { variables } from '../src/config.js';
import { PrismaClient } from '../src/generated/client.js';
import { startPurchase } from '../src/service.js';

// Nobody listens there: the catalogue asks nobody.
const NO_PEER = '127.0.0.1:9';

export const bed = await openTestbed('purchase');
export const sql = new pg.Pool({ connectionString: await bed.databaseUrl('purchase'), max: 4 });

export const environment = async (): Promise<Record<string, string>> => ({
  ...(await bed.environment('purchase')),
  PAYMENT_ADDRESS: NO_PEER,
  COUPON_ADDRESS: NO_PEER,
  USER_ADDRESS: NO_PEER,
});

/** The service in this process, as Envoy's client would call it. */
export async function openCatalogue(more: Record<string, string> = {}) {
  const running = await startPurchase(readConfig(variables, { ...(await environment()), ...more }));
  return { catalogue: bed.connect(CatalogServiceDefinition, running.address), stop: () => running.stop() };
}

/** The service's database, for what is tested below its contract. */
export async function openStore() {
  const host = await openHost('purchase', readConfig(variables, { ...(await environment()), DATABASE_CONNECTIONS: '20' }));
  const db = host.database((adapter) => new PrismaClient({ adapter }));
  const { stop } = await host.listen();
  return { db, stop };
}

export type Catalogue = Awaited<ReturnType<typeof openCatalogue>>['catalogue'];

export async function closeBed(...stops: (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops) await stop();
  await sql.end();
  await bed.close();
}

export const won = (amountMinor: bigint) => ({ currencyCode: 'KRW', amountMinor });

export const variantOf = (more: Partial<NewVariant> = {}): NewVariant => ({
  sku: '',
  optionValues: [],
  price: won(10_000n),
  compareAtPrice: undefined,
  ...more,
});

export const requestOf = (more: Partial<CreateProductRequest> = {}): CreateProductRequest => ({
  requestId: randomUUID(),
  text: { title: '달빛 머그', description: '', category: 'home', imageUrls: [] },
  options: [],
  variants: [variantOf()],
  ...more,
});

/** A draft of a new seller's. */
export async function draft(catalogue: Catalogue, more: Partial<CreateProductRequest> = {}) {
  const sellerId = randomUUID();
  const seller = await bed.as(sellerId, 'SELLER');
  const { product } = await catalogue.createProduct(requestOf(more), seller);
  return { ...idsOf(product!), product: product!, sellerId, seller };
}

/** A product on sale with so many pieces of each variant. */
export async function onSale(catalogue: Catalogue, pieces = 0, more: Partial<CreateProductRequest> = {}) {
  const made = await draft(catalogue, more);
  for (const variantId of pieces > 0 ? made.variantIds : []) await stock(catalogue, made.seller, variantId, pieces);
  const { product } = await catalogue.publishProduct({ requestId: randomUUID(), id: made.id }, made.seller);
  return { ...made, product: product! };
}

export const stock = async (catalogue: Catalogue, seller: Awaited<ReturnType<typeof bed.as>>, variantId: string, onHand: number) =>
  (await catalogue.setStock({ requestId: randomUUID(), variantId, change: { $case: 'onHand', value: onHand } }, seller)).variant!;

const idsOf = ({ id, variants }: Product) => ({ id, variantIds: variants.map((variant) => variant.id), variantId: variants[0]!.id });

/** The reason of a refusal; fails the test when there was none. */
export async function refusal(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => new Error('was not refused'),
    (error: unknown) => error,
  );
  return reasonOf(error) ?? String(error);
}
