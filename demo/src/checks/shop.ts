// Stock, coupons, points, orders and their money agree.

import type { Goods } from '../chapters/shop.js';
import { won } from '../print.js';
import type { Stage } from '../stage.js';
import { type Check, noneOf } from './check.js';
import type { NamedFinding } from './index.js';

async function numberOf(stage: Stage, service: string, text: string): Promise<bigint> {
  const [row] = await stage.sql<{ number: string }>(service, text);
  return BigInt(row?.number ?? 0);
}

/** Of orders that were paid: what is left of their lines. */
const KEPT_LINES = `FROM order_line l JOIN "order" o ON o.id = l.order_id WHERE o.pay_time IS NOT NULL AND l.state NOT IN ('CANCELED', 'RETURNED')`;

const shopChecks: Check[] = [
  {
    says: 'every order that was paid has its payment, of the same amount and with the same given back',
    async look(stage) {
      const orders = await stage.sql<{ id: string; total: string; refunded: string }>(
        'purchase',
        `SELECT id, total_minor AS total, refunded_minor AS refunded FROM "order" WHERE pay_time IS NOT NULL`,
      );
      const payments = await stage.sql<{ order_id: string; amount: string; refunded: string }>(
        'payment',
        `SELECT order_id, amount_minor AS amount, refunded_minor AS refunded FROM payment
          WHERE order_id IS NOT NULL AND state NOT IN ('CREATED', 'AUTHENTICATING', 'FAILED', 'CANCELED', 'EXPIRED')`,
      );
      const byOrder = new Map(payments.map((payment) => [payment.order_id, payment]));
      const broken = orders.filter(({ id, total, refunded }) => {
        const payment = byOrder.get(id);
        return payment?.amount !== total || payment.refunded !== refunded;
      });
      // A payment that came when its order had ended was given back by itself, whole.
      const paid = new Set(orders.map(({ id }) => id));
      const strangers = payments.filter(({ order_id, amount, refunded }) => !paid.has(order_id) && amount !== refunded);
      const off = [...broken.map(({ id }) => id), ...strangers.map(({ order_id }) => `a payment of ${order_id}, which was not paid`)];
      return noneOf(off, `${orders.length} orders`);
    },
  },
  {
    says: 'no checkout is open, and nothing is held for an order that has ended',
    async look(stage) {
      const open = await numberOf(stage, 'purchase', `SELECT count(*) AS number FROM checkout WHERE state NOT IN ('DONE', 'UNDONE')`);
      const reserved = await numberOf(stage, 'purchase', 'SELECT coalesce(sum(reserved), 0) AS number FROM variant');
      const points = await numberOf(stage, 'user', `SELECT count(*) AS number FROM point_hold WHERE state = 'HELD'`);
      const coupons = await numberOf(stage, 'coupon', `SELECT count(*) AS number FROM coupon WHERE state = 'RESERVED'`);
      const figures = `${open} checkouts, ${reserved} pieces, ${points} holds of points, ${coupons} coupons`;
      return { holds: open + reserved + points + coupons === 0n, figures };
    },
  },
  {
    says: 'no campaign gave out more than its limit, and nobody has two of one claim',
    async look(stage) {
      const rows = await stage.sql<{ id: string; issued: string; twice: string }>(
        'coupon',
        `SELECT p.id, count(c.id) AS issued, count(c.id) - count(DISTINCT c.owner_id) AS twice FROM campaign p JOIN coupon c ON c.campaign_id = p.id
          WHERE p.claimable AND c.state <> 'REVOKED' GROUP BY p.id HAVING count(c.id) > p.total_limit OR count(c.id) > count(DISTINCT c.owner_id)`,
      );
      const all = await numberOf(stage, 'coupon', 'SELECT count(*) AS number FROM coupon');
      return noneOf(
        rows.map(({ id, issued, twice }) => `${id}: ${issued}, ${twice} twice`),
        `${all} coupons`,
      );
    },
  },
  {
    says: 'what coupons have taken off orders is what their campaigns spent, and what the ledger calls our expense',
    async look(stage) {
      const orders = await numberOf(stage, 'purchase', `SELECT coalesce(sum(l.platform_coupon_minor), 0) AS number ${KEPT_LINES}`);
      const spent = await numberOf(
        stage,
        'coupon',
        `SELECT coalesce(sum(spent_minor), 0) AS number FROM campaign WHERE payer = 'PLATFORM'`,
      );
      const ledger = await numberOf(
        stage,
        'payment',
        `SELECT coalesce(sum(amount_minor), 0) AS number FROM ledger_entry WHERE account = 'COUPON_EXPENSE' AND owner_id IS NULL`,
      );
      return {
        holds: orders === spent && spent === ledger,
        figures: `orders ${won(orders)}, campaigns ${won(spent)}, ledger ${won(ledger)}`,
      };
    },
  },
  {
    says: "everybody's points are the sum of what happened to them, and of their lots; nobody is below zero",
    async look(stage) {
      const rows = await stage.sql<{ id: string }>(
        'user',
        `SELECT a.account_id AS id FROM point_account a
          WHERE a.balance_minor < 0 OR a.balance_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM point_entry e WHERE e.account_id = a.account_id)
            OR a.balance_minor <> (SELECT coalesce(sum(left_minor + held_minor), 0) FROM point_lot l WHERE l.account_id = a.account_id)`,
      );
      const all = await numberOf(stage, 'user', 'SELECT count(*) AS number FROM point_account');
      return noneOf(
        rows.map(({ id }) => id),
        `${all} people`,
      );
    },
  },
  {
    says: 'what we owe in points by the ledger is what people have',
    async look(stage) {
      const people = await numberOf(stage, 'user', 'SELECT coalesce(sum(balance_minor), 0) AS number FROM point_account');
      const ledger = await numberOf(
        stage,
        'payment',
        `SELECT coalesce(sum(amount_minor), 0) AS number FROM ledger_entry WHERE account = 'POINTS_LIABILITY'`,
      );
      return { holds: people === -ledger, figures: `people ${won(people)}, ledger ${won(-ledger)}` };
    },
  },
];

/** What sellers put on the shelf is there, or was sold and kept. */
const stockCheck = (goods: readonly Goods[]): Check => ({
  says: 'every piece that sellers had is on the shelf, or was sold and kept',
  async look(stage) {
    const rows = await stage.sql<{ id: string; pieces: string }>(
      'purchase',
      `SELECT v.id, v.on_hand + coalesce((SELECT sum(r.quantity - r.returned) FROM reservation r WHERE r.variant_id = v.id AND r.state = 'COMMITTED'), 0) AS pieces
         FROM variant v WHERE v.id = ANY ($1)`,
      [goods.flatMap(({ variantIds }) => variantIds)],
    );
    const had = new Map(goods.flatMap(({ data, variantIds }) => variantIds.map((id) => [id, data.stock] as const)));
    const off = rows.filter(({ id, pieces }) => Number(pieces) !== had.get(id)).map(({ id, pieces }) => `${id}: ${pieces}`);
    const sold = await numberOf(
      stage,
      'purchase',
      `SELECT coalesce(sum(quantity - returned), 0) AS number FROM reservation WHERE state = 'COMMITTED'`,
    );
    return noneOf(off, `${rows.length} variants, ${sold} pieces sold and kept`);
  },
});

export async function lookAtShop(stage: Stage, goods: readonly Goods[]): Promise<NamedFinding[]> {
  const findings: NamedFinding[] = [];
  for (const { says, look } of [stockCheck(goods), ...shopChecks]) findings.push({ says, ...(await look(stage)) });
  return findings;
}
