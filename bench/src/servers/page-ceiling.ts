// My Page as fast as it gets without a framework: node:http and pg, the eight questions of the user service as prepared statements, one first and
// the others side by side as there, JSON, and nothing in between. No identity, no rules, no log.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10, options: '-c enable_seqscan=off -c jit=off' });

const FRESH = `SELECT count(*) AS streams, min(event_time) AS time FROM kit.consumed WHERE consumer = 'user-my-page'`;
const counted = (live: string) => `count(*) OVER () AS "totalCount", count(*) FILTER (WHERE ${live}) OVER () AS "liveCount"`;

const SECTIONS: Readonly<Record<string, string>> = {
  profile:
    'SELECT account_id, name, phone, interest_categories, version, create_time, addresses, close_time FROM profile WHERE account_id = $1::uuid',
  orders: `SELECT id, name, state, currency, total_minor, refunded_minor, create_time,
      ${counted(`state = ANY ('{AWAITING_PAYMENT,PAID,PREPARING,SHIPPED,RETURN_REQUESTED}'::text[])`)}
    FROM order_copy WHERE buyer_id = $1::uuid ORDER BY create_time DESC, id DESC LIMIT 20`,
  pledges: `SELECT pledge.id, pledge.project_id, coalesce(project.title, '') AS title, pledge.state, pledge.currency, pledge.total_minor,
      pledge.create_time, ${counted(`pledge.state = ANY ('{ACTIVE,CHARGING,PAID,PAYMENT_FAILED}'::text[])`)}
    FROM pledge_copy pledge LEFT JOIN project_copy project ON project.id = pledge.project_id
    WHERE pledge.backer_id = $1::uuid ORDER BY pledge.create_time DESC, pledge.id DESC LIMIT 20`,
  coupons: `SELECT id, campaign_id, name, state, issue_time, expire_time, count(*) OVER () AS "usableCount",
      count(*) FILTER (WHERE expire_time <= now() + interval '7 days') OVER () AS "expiringCount"
    FROM coupon_copy WHERE owner_id = $1::uuid AND state = 'ISSUED' AND expire_time > now() ORDER BY issue_time DESC, id DESC LIMIT 20`,
  balance: `SELECT coalesce(l.available, 0)::bigint AS available, coalesce(a.held_minor, 0)::bigint AS held, coalesce(l.expiring, 0)::bigint AS expiring,
      coalesce(a.owed_minor, 0)::bigint AS owed, l.next
    FROM (SELECT sum(left_minor) AS available, sum(left_minor) FILTER (WHERE expire_time <= now() + interval '30 days') AS expiring,
        min(expire_time) AS next FROM point_lot WHERE account_id = $1::uuid AND left_minor > 0 AND expire_time > now()) AS l
    LEFT JOIN point_account a ON a.account_id = $1::uuid`,
  entries: `SELECT id, kind, amount_minor, balance_minor, reason, subject_id, create_time FROM point_entry
    WHERE account_id = $1::uuid ORDER BY id DESC LIMIT 20`,
  reviews: `SELECT r.kind, r.subject_id, r.item_id, coalesce(p.title, r.title) AS title, r.since, count(*) OVER () AS "toWriteCount"
    FROM review_right r LEFT JOIN project_copy p ON r.kind = 'PLEDGE' AND p.id = r.item_id
    WHERE r.account_id = $1::uuid AND NOT r.given_back AND NOT EXISTS (SELECT FROM written_review w WHERE w.subject_id = r.subject_id)
    ORDER BY r.since DESC, r.subject_id DESC LIMIT 20`,
};

async function pageOf(accountId: string): Promise<object> {
  const fresh = await pool.query({ name: 'fresh', text: FRESH });
  const sections = Object.entries(SECTIONS).map(async ([name, text]) => [
    name,
    (await pool.query({ name, text, values: [accountId] })).rows,
  ]);
  return { fresh: fresh.rows[0], ...Object.fromEntries(await Promise.all(sections)) };
}

const server = createServer((request, response) => {
  pageOf(request.url!.slice(1)).then(
    (page) => response.setHeader('content-type', 'application/json').end(JSON.stringify(page)),
    (error: Error) => {
      response.statusCode = 500;
      response.end(error.message);
    },
  );
});
server.listen(0, '127.0.0.1', () => process.send!({ address: `127.0.0.1:${(server.address() as AddressInfo).port}` }));
