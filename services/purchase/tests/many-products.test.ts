// Among 50,000 products every page reads little, the first and a late one, whatever is filtered and searched.
import { PLANNING } from '@moa/kit';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProductFilter, ProductSort } from '../src/domain/product-list.js';
import { Prisma } from '../src/generated/client.js';
import type { Queries } from '../src/store/database.js';
import { countKinds } from '../src/store/product-kinds.js';
import { keysOf, listProductsOnSale, type ProductList, type ProductSummary } from '../src/store/product-lists.js';
import { bed, closeBed, sql } from './catalogue-support.js';

const PRODUCTS = 50_000;
const LATE_PAGE = 1_000;
const PAGE = 20;
const SORTS: readonly ProductSort[] = ['NEWEST', 'PRICE_LOW', 'PRICE_HIGH', 'POPULAR'];
const ALL: ProductFilter = {
  currency: 'KRW',
  category: '',
  sellerId: '',
  priceFromMinor: undefined,
  priceToMinor: undefined,
  inStockOnly: false,
  words: [],
};
const LIST_BLOCKS_AT_MOST = 1_500;
const FOUND_BLOCKS_AT_MOST = 40_000;
const COUNT_BLOCKS_AT_MOST = 100_000;

// Plans as the service does.
const planner = new pg.Pool({ connectionString: await bed.databaseUrl('purchase'), max: 1, options: PLANNING });

await sql.query(
  `WITH made AS (
     INSERT INTO product (id, seller_id, state, title, description, category, currency, sold_count, create_time, publish_time)
     SELECT gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad((n % 1000)::text, 12, '0'))::uuid, 'ON_SALE',
       CASE n % 2 WHEN 0 THEN '서울 ' ELSE '' END || words[1 + n % 13] || ' ' || words[1 + n % 17] || ' ' || n || CASE n % 10000 WHEN 7 THEN ' 거북선' ELSE '' END,
       '', 'c' || n % 20, 'KRW', n * 7919 % 10007, $1::timestamptz, $1::timestamptz + n * interval '1 second'
       FROM generate_series(1, $2::integer) AS n,
            (VALUES (ARRAY['달빛','다시','쓰는','종이','공방','수제','가죽','커피','원두','여행','사진','향초','한글','서체','Candle','Light','Book'])) AS of(words)
     RETURNING id, sold_count
   ) INSERT INTO variant (id, product_id, position, price_minor, on_hand)
     SELECT gen_random_uuid(), id, 0, 1000 + sold_count * 7919 % 200003 * 10, (sold_count % 10 > 0)::integer FROM made`,
  [new Date(bed.now().setMilliseconds(0)), PRODUCTS],
);
await sql.query(`INSERT INTO product_listing SELECT product_id, seller_id, title, category, image_url, currency, price_minor, compare_at_minor, price_from,
  in_stock, sold_count, publish_time FROM product_summary`);
await sql.query('VACUUM ANALYZE product_listing, product_title');

/** What a query would say, and its rows. */
async function explained(ask: (client: Queries) => Promise<unknown>): Promise<number> {
  let statement = Prisma.empty;
  const note = (...given: unknown[]) => {
    const [strings, ...values] = given as [Prisma.Sql | TemplateStringsArray, ...unknown[]];
    statement = 'sql' in strings ? strings : Prisma.sql(strings, ...values);
    throw new Error('noted');
  };
  await ask({ $queryRaw: async (...given: unknown[]) => note(...given) } as unknown as Queries).catch(() => {});
  const { rows } = await planner.query(`EXPLAIN (ANALYZE, TIMING OFF, BUFFERS, FORMAT JSON) ${statement.text}`, statement.values);
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'];
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

/** The keys before a late page, as its token would say. */
const lateKeys = new Map<string, string[] | undefined>();
async function late(filter: ProductFilter, sort: ProductSort): Promise<string[] | undefined> {
  const name = `${filter.category} ${filter.sellerId} ${filter.priceFromMinor} ${filter.priceToMinor} ${filter.inStockOnly} ${sort}`;
  if (!lateKeys.has(name)) {
    const run = async (strings: TemplateStringsArray, ...values: unknown[]) => {
      const { text, values: bound } = Prisma.sql(strings, ...values);
      return (await planner.query(text, bound as unknown[])).rows as ProductSummary[];
    };
    const list = { filter, sort, after: undefined, limit: (LATE_PAGE - 1) * PAGE };
    const last = (await listProductsOnSale({ $queryRaw: run } as unknown as Queries, list)).at(-1);
    lateKeys.set(name, last && keysOf(sort)(last));
  }
  return lateKeys.get(name);
}

const blocksOf = (list: ProductList) => explained((client) => listProductsOnSale(client, list));

for (const [name, more] of [
  ['everything', {}],
  ['a category', { category: 'c4' }],
  ['what is in stock', { inStockOnly: true }],
  ['a price', { priceFromMinor: 10_000n, priceToMinor: 500_000n }],
  ['a rare price', { priceFromMinor: 1_000n, priceToMinor: 1_100n }],
  ["a category's rare price", { category: 'c4', priceFromMinor: 1_000n, priceToMinor: 1_100n }],
  ["a seller's", { sellerId: '00000000-0000-4000-8000-000000000007' }],
] as const) {
  test(`lists of ${name}`, async () => {
    const filter = { ...ALL, ...more };
    for (const sort of SORTS)
      for (const after of [undefined, await late(filter, sort)]) {
        const read = await blocksOf({ filter, sort, after, limit: PAGE + 1 });
        assert.ok(read < LIST_BLOCKS_AT_MOST, `${sort} after ${after}: ${read} blocks`);
      }
    const read = await explained((client) => countKinds(client, filter));
    assert.ok(read < COUNT_BLOCKS_AT_MOST, `counts: ${read} blocks`);
  });
}

for (const words of [['서울'], ['서'], ['가죽'], ['달빛', '다'], ['거북선'], ['없는말'], ['ght'], ['49']]) {
  test(`searches of ${words.join(' ')}`, async () => {
    for (const more of [{}, { category: 'c4' }])
      for (const sort of ['NEWEST', 'PRICE_LOW'] as const) {
        const filter = { ...ALL, ...more, words };
        for (const after of [undefined, await late({ ...ALL, ...more }, sort)]) {
          const read = await blocksOf({ filter, sort, after, limit: PAGE + 1 });
          assert.ok(read < FOUND_BLOCKS_AT_MOST, `${sort} after ${after}: ${read} blocks`);
        }
        const read = await explained((client) => countKinds(client, filter));
        assert.ok(read < COUNT_BLOCKS_AT_MOST, `counts: ${read} blocks`);
      }
  });
}

test.after(() => closeBed(() => planner.end()));
test.run();
