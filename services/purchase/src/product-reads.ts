// What everybody reads of the catalogue, through the cache.
import { createHash } from 'node:crypto';
import { GetProductResponse, ListProductsResponse } from '@moa/contracts/purchase/v1/catalog_service';
import { ProductChanged, ProductPublished, StockChanged } from '@moa/contracts/purchase/v1/purchase_events';
import { on, pageOf, pageSizeOf, readPageToken, type Subscription } from '@moa/kit';
import { facetsToProto, summaryToProto } from './convert-list.js';
import { productToProto } from './convert-product.js';
import { visibleTo } from './domain/product.js';
import { facetsOf, type Kind, type ProductFilter, type ProductSort } from './domain/product-list.js';
import type { PrismaClient } from './generated/client.js';
import { asJson, type ReadCache } from './read-cache.js';
import type { Context } from './service.js';
import { countKinds } from './store/product-kinds.js';
import { KEYS, keysOf, listProductsOnSale } from './store/product-lists.js';
import { readProduct } from './store/products.js';

const LISTS = 'lists';
const groupOf = (productId: string) => `product ${productId}`;

/** A product as buyers see it. Throws PRODUCT_NOT_FOUND. */
export const readPublicProduct = ({ db, reads }: Context, id: string): Promise<GetProductResponse> =>
  reads.read(groupOf(id), '', GetProductResponse, async () => ({
    product: productToProto(visibleTo(undefined, await readProduct(db.client, id))),
  }));

export interface PageRequest {
  readonly filter: ProductFilter;
  readonly sort: ProductSort;
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A page of what is on sale; with the first one goes how many there are of each kind. */
export async function readProducts(context: Context, { filter, sort, pageSize, pageToken }: PageRequest): Promise<ListProductsResponse> {
  const query = ['on sale', ...partsOf(filter), filter.category, sort];
  const size = pageSizeOf(pageSize);
  const after = readPageToken(pageToken, query, KEYS[sort]);
  const { db, reads } = context;
  const readPage = async () => {
    const rows = await listProductsOnSale(db.client, { filter, sort, after, limit: size + 1 });
    const { items, nextPageToken } = pageOf(rows, size, keysOf(sort), query);
    return { products: items.map(summaryToProto), nextPageToken, facets: undefined };
  };
  const key = hashOf([query, size, after]);
  // Few read on: what they read is worth no place in Redis.
  if (after) return reads.readHere(key, readPage);
  const [first, kinds] = await Promise.all([reads.read(LISTS, key, ListProductsResponse, readPage), readKinds(context, filter)]);
  return { ...first, facets: facetsToProto(facetsOf(kinds, filter)) };
}

// Apart from the page: whoever looks from category to category, or sorts in another order, is given the same counts.
const readKinds = ({ db, reads }: Context, filter: ProductFilter): Promise<Kind[]> =>
  reads.read(LISTS, hashOf(['kinds', ...partsOf(filter)]), asJson<Kind[]>(), () => countKinds(db.client, filter));

/** All of a filter but its category. */
const partsOf = ({ currency, sellerId, priceFromMinor, priceToMinor, inStockOnly, words }: ProductFilter): unknown[] => [
  currency,
  sellerId,
  String(priceFromMinor),
  String(priceToMinor),
  inStockOnly,
  words,
];

const hashOf = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/** What is read of a product, and of lists, is read anew after each of its events. */
export function forgetChanged(reads: ReadCache): Subscription<PrismaClient>[] {
  const forget = async ({ productId }: { productId: string }) => {
    await Promise.all([reads.forget(groupOf(productId)), reads.forget(LISTS)]);
  };
  return [on(ProductPublished, forget), on(ProductChanged, forget), on(StockChanged, forget)];
}
