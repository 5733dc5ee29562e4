// Orders that were paid, made behind the service's back; and what became of them.
import { randomUUID } from 'node:crypto';
import { newId } from '@moa/kit';
import { ADDRESS, bed, sql } from './checkout-support.js';

export interface LinePlan {
  readonly sellerId?: string;
  readonly quantity?: number;
  readonly priceMinor?: number;
  /** What each coupon takes off; the platform pays, unless `bySeller`. */
  readonly coupons?: Readonly<Record<string, number>>;
  readonly bySeller?: boolean;
  readonly pointsMinor?: number;
}

export interface PaidLine {
  readonly id: string;
  readonly sellerId: string;
  readonly variantId: string;
  readonly productId: string;
  readonly paidMinor: number;
}

export interface PaidOrder {
  readonly id: string;
  readonly buyerId: string;
  readonly lines: readonly PaidLine[];
  readonly line: PaidLine;
  buyer(): ReturnType<typeof bed.as>;
  /** Of the first line, unless another is given. */
  seller(line?: PaidLine): ReturnType<typeof bed.as>;
}

/** An order that was paid, with a line of a seller of its own for each plan. Of each variant nothing else is on the shelf. */
export async function paidOrder(plans: readonly LinePlan[] = [{}], { checkout = 'DONE' } = {}): Promise<PaidOrder> {
  const [id, buyerId] = [newId(), randomUUID()];
  const now = bed.now();
  const lines = plans.map(
    ({ sellerId = randomUUID(), quantity = 1, priceMinor = 10_000, coupons = {}, bySeller = false, pointsMinor = 0 }) => {
      const discountMinor = Object.values(coupons).reduce((sum, discount) => sum + discount, 0);
      return {
        id: newId(),
        sellerId,
        productId: newId(),
        variantId: newId(),
        quantity,
        priceMinor,
        coupons,
        bySeller,
        discountMinor,
        pointsMinor,
        paidMinor: quantity * priceMinor - discountMinor - pointsMinor,
      };
    },
  );
  const sum = (of: (line: (typeof lines)[number]) => number) => lines.reduce((total, line) => total + of(line), 0);
  await sql.query(
    `INSERT INTO "order" (id, buyer_id, state, name, currency, items_minor, discount_minor, points_minor, total_minor, coupon_ids, address,
       return_url, placed, expire_time, create_time, pay_time) VALUES ($1, $2, 'PAID', '머그컵', 'KRW', $3, $4, $5, $6, $7, $8, '', true, $9, $9, $9)`,
    [
      id,
      buyerId,
      sum(({ quantity, priceMinor }) => quantity * priceMinor),
      sum(({ discountMinor }) => discountMinor),
      sum(({ pointsMinor }) => pointsMinor),
      sum(({ paidMinor }) => paidMinor),
      [...new Set(lines.flatMap(({ coupons }) => Object.keys(coupons)))],
      ADDRESS,
      now,
    ],
  );
  for (const [place, line] of lines.entries()) {
    await sql.query(
      `INSERT INTO product (id, seller_id, state, title, description, category, currency, create_time, publish_time)
         VALUES ($1, $2, 'ON_SALE', '머그컵', '', 'home', 'KRW', $3, $3)`,
      [line.productId, line.sellerId, now],
    );
    await sql.query('INSERT INTO variant (id, product_id, position, price_minor) VALUES ($1, $2, 1, $3)', [
      line.variantId,
      line.productId,
      line.priceMinor,
    ]);
    await sql.query(`INSERT INTO reservation (order_id, variant_id, quantity, state, expire_time) VALUES ($1, $2, $3, 'COMMITTED', $4)`, [
      id,
      line.variantId,
      line.quantity,
      now,
    ]);
    await sql.query(
      `INSERT INTO order_line (id, order_id, position, product_id, variant_id, seller_id, title, option_values, image_url, category, quantity,
         price_minor, amount_minor, platform_coupon_minor, seller_coupon_minor, points_minor, paid_minor, state)
       VALUES ($1, $2, $3, $4, $5, $6, '머그컵', '{}', '', 'home', $7, $8, $9, $10, $11, $12, $13, 'PAID')`,
      [
        line.id,
        id,
        place + 1,
        line.productId,
        line.variantId,
        line.sellerId,
        line.quantity,
        line.priceMinor,
        line.quantity * line.priceMinor,
        line.bySeller ? 0 : line.discountMinor,
        line.bySeller ? line.discountMinor : 0,
        line.pointsMinor,
        line.paidMinor,
      ],
    );
    for (const [couponId, discount] of Object.entries(line.coupons)) {
      await sql.query('INSERT INTO line_discount VALUES ($1, $2, $3, $4)', [
        line.id,
        couponId,
        line.bySeller ? 'SELLER' : 'PLATFORM',
        discount,
      ]);
    }
  }
  await sql.query(
    `INSERT INTO checkout (order_id, state, stock, coupons, points, payment, points_wanted, create_time, update_time)
       VALUES ($1, $2, 'COMMITTED', 'COMMITTED', 'COMMITTED', 'COMMITTED', 0, $3, $3)`,
    [id, checkout, now],
  );
  return {
    id,
    buyerId,
    lines,
    line: lines[0]!,
    buyer: () => bed.as(buyerId),
    seller: ({ sellerId } = lines[0]!) => bed.as(sellerId, 'SELLER'),
  };
}

export async function rowOf({ id }: PaidOrder) {
  const { rows } = await sql.query(
    'SELECT state, refunded_minor::integer AS refunded, version::integer AS version, end_time AS "endTime" FROM "order" WHERE id = $1',
    [id],
  );
  return rows[0] as { state: string; refunded: number; version: number; endTime: Date | null };
}

/** The states of its lines, in their order. */
export async function lineStates({ id }: PaidOrder): Promise<string[]> {
  return (await sql.query('SELECT state FROM order_line WHERE order_id = $1 ORDER BY position', [id])).rows.map(({ state }) => state);
}

/** How many pieces are on the shelf, of each line's variant. */
export async function onShelf({ lines }: PaidOrder): Promise<number[]> {
  const shelf = async ({ variantId }: PaidLine) =>
    (await sql.query('SELECT on_hand FROM variant WHERE id = $1', [variantId])).rows[0].on_hand as number;
  return Promise.all(lines.map(shelf));
}

/** Whether nothing of the order is left to be given back, and something was. */
export async function isAllGivenBack({ id }: PaidOrder): Promise<boolean> {
  const { rows } = await sql.query('SELECT due_time FROM give_back WHERE order_id = $1', [id]);
  return rows.length > 0 && rows.every(({ due_time }) => due_time === null);
}

/** How often something of the order was taken back. */
export async function givenBacks({ id }: PaidOrder): Promise<number> {
  return (await sql.query('SELECT FROM give_back WHERE order_id = $1', [id])).rowCount ?? 0;
}
