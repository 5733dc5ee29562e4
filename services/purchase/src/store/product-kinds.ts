// How many products there are of each kind, in one pass over what an index or a search finds.
import { type Kind, type ProductFilter, startsOf } from '../domain/product-list.js';
import { Prisma } from '../generated/client.js';
import type { Queries } from './database.js';
import { conditionsOf } from './product-lists.js';

/** The work is bounded: what is found beyond is not counted. An index has all that is counted; of what a search finds each row is looked up. */
const READ_AT_MOST = 100_000;
const LOOKED_UP_AT_MOST = 10_000;

/** Of every category, and every price: whether it is one that is filtered is told. */
export function countKinds(client: Queries, filter: ProductFilter): Promise<Kind[]> {
  const { currency, sellerId, words, priceFromMinor: from, priceToMinor: to } = filter;
  const conditions = conditionsOf({ ...filter, category: '', priceFromMinor: undefined, priceToMinor: undefined });
  const limit = sellerId || words.length > 0 ? LOOKED_UP_AT_MOST : READ_AT_MOST;
  const starts = startsOf(currency).map(String);
  return client.$queryRaw<Kind[]>`
    SELECT category, width_bucket(price_minor, ${starts}::bigint[]) AS band, in_stock AS "inStock",
           price_minor >= ${from ?? 0n} AND price_minor <= ${to ?? MOST}::bigint AS priced, count(*)::integer AS count
      FROM (SELECT category, price_minor, in_stock FROM product_listing WHERE ${Prisma.join(conditions, ' AND ')} LIMIT ${limit}) AS found
     GROUP BY 1, 2, 3, 4`;
}

/** No price is higher. */
const MOST = 2n ** 62n;
