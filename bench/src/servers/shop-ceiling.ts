// As fast as it gets without a framework: node:http and pg, the queries of the purchase service as prepared statements, JSON, and nothing
// in between. No cache, no identity, no rules, no log.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10, options: '-c enable_seqscan=off -c jit=off' });

const COLUMNS = `product_id AS id, seller_id AS "sellerId", title, category, image_url AS "imageUrl", currency, price_minor AS "priceMinor",
  compare_at_minor AS "compareAtMinor", price_from AS "priceFrom", in_stock AS "inStock", sold_count AS "soldCount", publish_time AS "publishTime"`;
const SORTED = 'ORDER BY publish_time DESC, product_id DESC';
const pageOf = (condition: string) => `SELECT ${COLUMNS} FROM product_listing JOIN (
  SELECT product_id FROM product_listing WHERE currency = 'KRW' AND ${condition} ${SORTED} LIMIT 21) AS page USING (product_id) ${SORTED}`;
const titled = (n: number) => `grams @> searched_grams(title_form($${n})) AND strpos(form, title_form($${n})) > 0`;

const QUERIES: Readonly<Record<string, string>> = {
  first: pageOf('true'),
  next: pageOf('(publish_time, product_id) < ($1::timestamptz, $2::uuid)'),
  search1: pageOf(`product_id IN (SELECT product_id FROM product_title WHERE ${titled(1)})`),
  search2: pageOf(`product_id IN (SELECT product_id FROM product_title WHERE ${titled(1)} AND ${titled(2)})`),
  detail: `SELECT p.*, (SELECT jsonb_agg(v ORDER BY v.position) FROM variant v WHERE v.product_id = p.id) AS variants FROM product p WHERE p.id = $1::uuid`,
};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  const name = pathname.slice(1);
  pool.query({ name, text: QUERIES[name]!, values: searchParams.getAll('v') }).then(
    ({ rows }) => response.setHeader('content-type', 'application/json').end(JSON.stringify(rows)),
    (error: Error) => {
      response.statusCode = 500;
      response.end(error.message);
    },
  );
});
server.listen(0, '127.0.0.1', () => process.send!({ address: `127.0.0.1:${(server.address() as AddressInfo).port}` }));
