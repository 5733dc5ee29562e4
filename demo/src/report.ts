// What came of each project, by SQL.

import { printTable, shorten, won } from './print.js';
import type { Stage } from './stage.js';

const TITLE_WIDTH = 38;

interface Row {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly kind: string;
  readonly goal: string;
  readonly raised: string;
  readonly backers: number;
  readonly charged: string;
  readonly paid: number;
  readonly dropped: number;
  readonly released: number;
}

const OUTCOMES = `
  SELECT j.id, j.title, j.state, j.kind, j.goal_minor AS goal, j.raised_minor AS raised,
    (count(DISTINCT p.backer_id) FILTER (WHERE p.state <> 'CANCELED'))::int AS backers,
    coalesce(sum(p.total_minor) FILTER (WHERE p.state = 'PAID'), 0) AS charged,
    (count(*) FILTER (WHERE p.state = 'PAID'))::int AS paid, (count(*) FILTER (WHERE p.state = 'DROPPED'))::int AS dropped,
    (count(*) FILTER (WHERE p.state = 'RELEASED'))::int AS released
  FROM project j LEFT JOIN pledge p ON p.project_id = j.id WHERE j.id = ANY($1) GROUP BY j.id ORDER BY j.close_time, j.id`;

const FEES = `
  SELECT p.project_id AS id, -sum(e.amount_minor) AS fees
  FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.transaction_id
    JOIN payment p ON t.business_key IN ('charge:' || p.id, 'cancel:' || p.id)
  WHERE e.account IN ('PLATFORM_FEE', 'PROVIDER_FEE') AND p.project_id = ANY($1) GROUP BY p.project_id`;

export async function printOutcomes(stage: Stage): Promise<void> {
  const rows = await stage.sql<Row>('funding', OUTCOMES, [stage.projectIds]);
  const fees = new Map(
    (await stage.sql<{ id: string; fees: string }>('payment', FEES, [stage.projectIds])).map((row) => [row.id, BigInt(row.fees)]),
  );
  const lines = rows.map((row) => [
    shorten(row.title, TITLE_WIDTH),
    outcomeOf(row),
    `${(BigInt(row.raised) * 100n) / BigInt(row.goal)}%`,
    won(BigInt(row.raised)),
    String(row.backers),
    won(BigInt(row.charged)),
    String(row.paid),
    String(row.dropped),
    String(row.released),
    won(fees.get(row.id) ?? 0n),
  ]);
  const sum = (of: (row: Row) => bigint) => rows.reduce((total, row) => total + of(row), 0n);
  const count = (of: (row: Row) => number) => String(rows.reduce((total, row) => total + of(row), 0));
  printTable(['project', 'outcome', 'goal', 'raised', 'backers', 'charged', 'paid', 'dropped', 'released', 'fees'], lines, [
    `${rows.length} projects`,
    `${rows.filter(({ state }) => state === 'SUCCEEDED').length} succeeded`,
    '',
    won(sum(({ raised }) => BigInt(raised))),
    count(({ backers }) => backers),
    won(sum(({ charged }) => BigInt(charged))),
    count(({ paid }) => paid),
    count(({ dropped }) => dropped),
    count(({ released }) => released),
    won([...fees.values()].reduce((total, fee) => total + fee, 0n)),
  ]);
}

interface ShopRow {
  readonly state: string;
  readonly orders: number;
  readonly items: string;
  readonly coupons: string;
  readonly points: string;
  readonly paid: string;
  readonly refunded: string;
}

const SHOP = `
  SELECT state, count(*)::int AS orders, sum(items_minor) AS items, sum(discount_minor) AS coupons, sum(points_minor) AS points,
    sum(total_minor) FILTER (WHERE pay_time IS NOT NULL) AS paid, sum(refunded_minor) AS refunded
  FROM "order" WHERE placed GROUP BY state ORDER BY state`;

/** What came of the orders in the shop. */
export async function printShop(stage: Stage): Promise<void> {
  const rows = await stage.sql<ShopRow>('purchase', SHOP);
  const cells = ({ state, orders, items, coupons, points, paid, refunded }: ShopRow) => [
    state.toLowerCase().replaceAll('_', ' '),
    String(orders),
    ...[items, coupons, points, paid, refunded].map((amount) => won(BigInt(amount ?? 0))),
  ];
  const sum = (of: (row: ShopRow) => string | null) => won(rows.reduce((total, row) => total + BigInt(of(row) ?? 0), 0n));
  printTable(['orders that are', 'orders', 'worth', 'coupons', 'points', 'paid', 'given back'], rows.map(cells), [
    'all orders',
    String(rows.reduce((total, { orders }) => total + orders, 0)),
    sum(({ items }) => items),
    sum(({ coupons }) => coupons),
    sum(({ points }) => points),
    sum(({ paid }) => paid),
    sum(({ refunded }) => refunded),
  ]);
}

function outcomeOf({ state, kind, goal, raised }: Row): string {
  if (state === 'SUCCEEDED') return kind === 'KEEP_WHAT_YOU_RAISE' && BigInt(raised) < BigInt(goal) ? 'keeps it' : 'succeeded';
  return state === 'FAILED' ? 'released' : state.toLowerCase();
}
