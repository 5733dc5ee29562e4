// A shop full of products, for benchmarks of its lists. Whoever is measured beside purchase is given the same rows.
import type { Testbed } from '@moa/testkit';
import pg from 'pg';

export const PRODUCTS = 100_000;
export const CATEGORIES = 20;
const WORDS = [
  '달빛',
  '다시',
  '쓰는',
  '종이',
  '공방',
  '수제',
  '가죽',
  '커피',
  '원두',
  '여행',
  '사진',
  '향초',
  '한글',
  '서체',
  'Candle',
  'Light',
];
/** What is searched for: words that few and many titles have, and parts of words. */
export const SEARCHES = ['가죽', '달빛 종이', '거북선', 'ght', '서울', '없는 말'];

/** Makes products on sale, three variants each. */
export async function seedProducts(databaseUrl: string): Promise<void> {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  await database.query(
    `INSERT INTO product (id, seller_id, state, title, description, category, image_urls, options, currency, sold_count, create_time, publish_time)
     SELECT gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad((n % 1000)::text, 12, '0'))::uuid, 'ON_SALE',
            CASE n % 2 WHEN 0 THEN '서울 ' ELSE '' END || ($2::text[])[1 + n % 13] || ' ' || ($2::text[])[1 + n % 16] || ' ' || n || CASE n % 10000 WHEN 7 THEN ' 거북선' ELSE '' END,
            repeat('설명 ', 200), 'c' || n % $3::integer, ARRAY['https://img.example/' || n || '.jpg'], '[{"name": "색", "values": ["빨강", "파랑", "초록"]}]', 'KRW',
            n * 7919 % 10007, date_trunc('second', now()) - n * interval '1 second', date_trunc('second', now()) - n * interval '1 second'
       FROM generate_series(1, $1::integer) AS n`,
    [PRODUCTS, WORDS, CATEGORIES],
  );
  await database.query(
    `INSERT INTO variant (id, product_id, position, option_values, price_minor, on_hand)
     SELECT gen_random_uuid(), product.id, place - 1, ARRAY[value], 1000 + sold_count * 7919 % 200003 * 10 + place * 500, (sold_count % 10 > 0)::integer
       FROM product, unnest(ARRAY['빨강', '파랑', '초록']) WITH ORDINALITY AS of(value, place)`,
  );
  // As the service's trigger makes them, one at a time.
  await database.query(
    `INSERT INTO product_listing SELECT product_id, seller_id, title, category, image_url, currency, price_minor, compare_at_minor, price_from,
            in_stock, sold_count, publish_time FROM product_summary`,
  );
  await database.query('VACUUM ANALYZE');
  await database.end();
}

/** Ids of products, to look at. */
export async function productIds(databaseUrl: string, count: number): Promise<string[]> {
  const database = new pg.Client(databaseUrl);
  await database.connect();
  const { rows } = await database.query<{ id: string }>('SELECT id FROM product ORDER BY md5(id::text) LIMIT $1', [count]);
  await database.end();
  return rows.map(({ id }) => id);
}

const NO_PEER = '127.0.0.1:1';

/** What starts the purchase service for a benchmark. */
export const purchaseEnvironment = async (bed: Testbed): Promise<Record<string, string>> => ({
  ...(await bed.environment('purchase')),
  PAYMENT_ADDRESS: NO_PEER,
  COUPON_ADDRESS: NO_PEER,
  USER_ADDRESS: NO_PEER,
  LOG_LEVEL: 'info',
});
