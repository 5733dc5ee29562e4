// Lists of products, a page at a time. What is on sale is read from product_listing, which has an index for each order of each list: the page
// is found in the index, and only its own rows are read.
import type { KeyKind } from '@moa/kit';
import type { ProductState } from '../domain/product.js';
import type { ProductFilter, ProductSort } from '../domain/product-list.js';
import { Prisma } from '../generated/client.js';
import type { Queries } from './database.js';

export interface ProductSummary {
  readonly id: string;
  readonly sellerId: string;
  readonly state: ProductState;
  readonly title: string;
  readonly category: string;
  readonly imageUrl: string;
  readonly currency: string;
  readonly priceMinor: bigint;
  readonly compareAtMinor: bigint | null;
  readonly priceFrom: boolean;
  readonly inStock: boolean;
  readonly soldCount: bigint;
  readonly publishTime: Date | null;
}

export interface ProductList {
  readonly filter: ProductFilter;
  readonly sort: ProductSort;
  /** The keys of the last row that was shown. */
  readonly after: readonly string[] | undefined;
  readonly limit: number;
}

const COLUMNS = Prisma.sql`product_id AS id, seller_id AS "sellerId", title, category, image_url AS "imageUrl", currency, price_minor AS "priceMinor",
  compare_at_minor AS "compareAtMinor", price_from AS "priceFrom", in_stock AS "inStock", sold_count AS "soldCount", publish_time AS "publishTime"`;

const SORTED: Record<ProductSort, Prisma.Sql> = {
  NEWEST: Prisma.sql`publish_time DESC, product_id DESC`,
  PRICE_LOW: Prisma.sql`price_minor, product_id`,
  PRICE_HIGH: Prisma.sql`price_minor DESC, product_id DESC`,
  POPULAR: Prisma.sql`sold_count DESC, product_id DESC`,
};

/** Products on sale. They come as one JSON text: to read every value on its own takes several times as long. */
export async function listProductsOnSale(client: Queries, { filter, sort, after, limit }: ProductList): Promise<ProductSummary[]> {
  const conditions = Prisma.join([...conditionsOf(filter), ...(after ? [comesAfter(sort, after)] : [])], ' AND ');
  const [row] = await client.$queryRaw<[{ products: string | null }]>`
    SELECT json_agg(listed)::text AS products FROM (SELECT ${COLUMNS} FROM product_listing JOIN (
      SELECT product_id FROM product_listing WHERE ${conditions} ORDER BY ${SORTED[sort]} LIMIT ${limit}
    ) AS page USING (product_id) ORDER BY ${SORTED[sort]}) AS listed`;
  return (JSON.parse(row.products ?? '[]') as ListedProduct[]).map((listed) => ({
    ...listed,
    state: 'ON_SALE',
    priceMinor: BigInt(listed.priceMinor),
    compareAtMinor: listed.compareAtMinor === null ? null : BigInt(listed.compareAtMinor),
    soldCount: BigInt(listed.soldCount),
    publishTime: new Date(listed.publishTime),
  }));
}

// Amounts stay below 2^53: a price is 10^12 at most.
interface ListedProduct extends Omit<ProductSummary, 'state' | 'priceMinor' | 'compareAtMinor' | 'soldCount' | 'publishTime'> {
  readonly priceMinor: number;
  readonly compareAtMinor: number | null;
  readonly soldCount: number;
  readonly publishTime: string;
}

/** What the page token remembers of a row. */
export const KEYS: Record<ProductSort, readonly KeyKind[]> = {
  NEWEST: ['time', 'id'],
  PRICE_LOW: ['number', 'id'],
  PRICE_HIGH: ['number', 'id'],
  POPULAR: ['number', 'id'],
};

export const keysOf =
  (sort: ProductSort) =>
  ({ id, publishTime, priceMinor, soldCount }: ProductSummary): string[] => {
    switch (sort) {
      case 'NEWEST':
        return [publishTime!.toISOString(), id];
      case 'POPULAR':
        return [String(soldCount), id];
      default:
        return [String(priceMinor), id];
    }
  };

/** One seller's, in any state but removed unless one is named, newest first. */
export const listProductsOfSeller = (
  client: Queries,
  sellerId: string,
  state: ProductState | undefined,
  after: string | undefined,
  limit: number,
): Promise<ProductSummary[]> => client.$queryRaw<ProductSummary[]>`
  SELECT state, ${COLUMNS} FROM product_summary
   WHERE seller_id = ${sellerId}::uuid AND ${state ? Prisma.sql`state = ${state}` : Prisma.sql`state <> 'REMOVED'`}
     ${after === undefined ? Prisma.empty : Prisma.sql`AND product_id < ${after}::uuid`}
   ORDER BY product_id DESC LIMIT ${limit}`;

/** What a filter asks of product_listing. */
export function conditionsOf(filter: ProductFilter): Prisma.Sql[] {
  const { currency, category, sellerId, priceFromMinor, priceToMinor, inStockOnly, words } = filter;
  return [
    Prisma.sql`currency = ${currency}`,
    ...(category ? [Prisma.sql`category = ${category}`] : []),
    ...(sellerId ? [Prisma.sql`seller_id = ${sellerId}::uuid`] : []),
    ...(priceFromMinor !== undefined ? [Prisma.sql`price_minor >= ${priceFromMinor}`] : []),
    ...(priceToMinor !== undefined ? [Prisma.sql`price_minor <= ${priceToMinor}`] : []),
    ...(inStockOnly ? [Prisma.sql`in_stock`] : []),
    ...(words.length > 0 ? [isTitled(words)] : []),
  ];
}

// Letters by twos find the candidates, the whole words decide. A common word is met at once on the way through the order.
const isTitled = (words: readonly string[]) =>
  Prisma.sql`product_id IN (SELECT product_id FROM product_title WHERE ${Prisma.join(
    words.map((word) => Prisma.sql`grams @> searched_grams(title_form(${word})) AND strpos(form, title_form(${word})) > 0`),
    ' AND ',
  )})`;

function comesAfter(sort: ProductSort, [first, id]: readonly string[]): Prisma.Sql {
  switch (sort) {
    case 'NEWEST':
      return Prisma.sql`(publish_time, product_id) < (${first}::timestamptz, ${id}::uuid)`;
    case 'PRICE_LOW':
      return Prisma.sql`(price_minor, product_id) > (${first}::bigint, ${id}::uuid)`;
    case 'PRICE_HIGH':
      return Prisma.sql`(price_minor, product_id) < (${first}::bigint, ${id}::uuid)`;
    case 'POPULAR':
      return Prisma.sql`(sold_count, product_id) < (${first}::bigint, ${id}::uuid)`;
  }
}
