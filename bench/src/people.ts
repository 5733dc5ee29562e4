// People with a past, in the tables of the user service, for the benchmark of My Page.
import { randomUUID } from 'node:crypto';
import pg from 'pg';

export const PEOPLE = 10_000;
const PROJECTS = 1_000;

/** So many of each there are on the page of one person in the middle; others have none, and a few several times as many. */
export const USUAL = { orders: 12, pledges: 6, coupons: 5, lots: 4, entries: 15, rights: 8 } as const;

const ORDER_STATES = ['COMPLETED', 'COMPLETED', 'COMPLETED', 'DELIVERED', 'SHIPPED', 'PAID', 'CANCELED', 'RETURNED'];
const PLEDGE_STATES = ['PAID', 'PAID', 'ACTIVE', 'CHARGING', 'CANCELED', 'RELEASED'];
const COUPON_STATES = ['ISSUED', 'ISSUED', 'ISSUED', 'USED', 'EXPIRED'];

/** Makes people, gives their accounts. All that is of points goes in together: it is looked at whether it adds up. */
export async function seedPeople(databaseUrl: string): Promise<string[]> {
  const accounts = Array.from({ length: PEOPLE }, () => randomUUID());
  const database = new pg.Client(databaseUrl);
  await database.connect();
  await database.query('BEGIN');
  await database.query(
    `CREATE TEMP TABLE person AS
       SELECT id, n::integer, CASE n % 10 WHEN 0 THEN 0 WHEN 9 THEN 5 WHEN 8 THEN 2 ELSE 1 END AS times FROM unnest($1::uuid[]) WITH ORDINALITY AS of(id, n)`,
    [accounts],
  );
  await database.query(
    `INSERT INTO profile (account_id, name, phone, interest_categories, addresses, version, create_time)
       SELECT id, '사람 ' || n, '010-0000-0000', '{공예,책}', '[]', 1, now() - interval '1 year' FROM person`,
  );
  await database.query(`INSERT INTO project_copy SELECT gen_random_uuid(), '프로젝트 ' || n, 1 FROM generate_series(1, $1::integer) AS n`, [
    PROJECTS,
  ]);
  await database.query('CREATE TEMP TABLE project AS SELECT id, row_number() OVER () AS n FROM project_copy');
  await database.query(
    `INSERT INTO order_copy SELECT gen_random_uuid(), p.id, '주문 ' || k, ($1::text[])[1 + (n + k) % cardinality($1::text[])], 'KRW', 10000 + k * 100, 0, 4,
       now() - k * interval '9 days' FROM person p, generate_series(1, p.times * $2::integer) AS k`,
    [ORDER_STATES, USUAL.orders],
  );
  await database.query(
    `INSERT INTO pledge_copy SELECT gen_random_uuid(), project.id, p.id, ($1::text[])[1 + (p.n + k) % cardinality($1::text[])], 'KRW', 30000 + k * 100, 3,
       now() - k * interval '20 days' FROM person p, generate_series(1, p.times * $2::integer) AS k JOIN project ON true
       WHERE project.n = 1 + (p.n * 31 + k) % $3::integer`,
    [PLEDGE_STATES, USUAL.pledges, PROJECTS],
  );
  await database.query(
    `INSERT INTO coupon_copy SELECT gen_random_uuid(), p.id, gen_random_uuid(), '쿠폰 ' || k, ($1::text[])[1 + (n + k) % cardinality($1::text[])], 2,
       now() - k * interval '3 days', now() + k * interval '4 days' FROM person p, generate_series(1, p.times * $2::integer) AS k`,
    [COUPON_STATES, USUAL.coupons],
  );
  await database.query(
    `INSERT INTO review_right SELECT gen_random_uuid(), p.id, 'ORDER_LINE', gen_random_uuid(), '머그컵 ' || k, k % 8 = 0, 4,
       now() - k * interval '11 days' FROM person p, generate_series(1, p.times * $1::integer) AS k`,
    [USUAL.rights],
  );
  await database.query(`INSERT INTO written_review SELECT subject_id, gen_random_uuid() FROM review_right WHERE title LIKE '%2'`);
  await database.query(
    'INSERT INTO point_account (account_id, balance_minor, version) SELECT id, times * $1::integer * 100, 1 FROM person',
    [USUAL.lots],
  );
  await database.query(
    `INSERT INTO point_lot (account_id, amount_minor, left_minor, create_time, expire_time)
       SELECT p.id, 200, 100, now() - k * interval '30 days', now() + k * interval '25 days' FROM person p, generate_series(1, p.times * $1::integer) AS k`,
    [USUAL.lots],
  );
  await database.query(
    `INSERT INTO point_entry (account_id, kind, amount_minor, balance_minor, create_time)
       SELECT p.id, 'EARNED', 100, k * 100, now() - interval '1 year' + k * interval '5 days' FROM person p, generate_series(1, p.times * $1::integer) AS k`,
    [USUAL.entries],
  );
  await database.query('COMMIT');
  await database.query('VACUUM ANALYZE');
  await database.end();
  return accounts;
}
