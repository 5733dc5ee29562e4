// The purchase service as a process that is killed now and then, for the model of the stock; and what there is in its database.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { StockChanged, VariantBackInStock } from '@moa/contracts/purchase/v1/purchase_events';
import { type Random, reasonOf, until } from '@moa/testkit';
import * as assert from 'uvu/assert';
import { openPeers } from './checkout-peers.js';
import { bed, goods, spawnPurchase, sql } from './checkout-support.js';
import type {} from './stock-model.js';
import type { Shown } from './stock-shown.js';

/** Where it dies: before and after its commits, and between a commit and its answer. */
const POINTS = [
  'relay.published',
  'consumer.committed',
  'request.committed',
  'purchase.stock.set',
  'purchase.stock.after',
  'purchase.coupons.after',
  'purchase.points.after',
  'purchase.payment.after',
  'purchase.payment.stored',
  'purchase.undo.begun',
  'purchase.undo-payment.after',
  'purchase.undo-stock.after',
  'purchase.undo-coupons.before',
  'purchase.commit-coupons.after',
  'purchase.give-back.payment.asked',
  'purchase.due-order.changed',
];
/** Longer than claims and leases last; and than it waits for who began a checkout, and for who gives back. */
const LEASES_MS = 31_000;
export const LEFT_BEHIND_MS = 121_000;
/** A start takes seconds on a busy machine. */
const PATIENCE_MS = 30_000;
/** There was no answer. */
const UNANSWERED = new Set([status.UNAVAILABLE, status.CANCELLED, status.DEADLINE_EXCEEDED]);
/** Answers that say: once more. The clock may go on while a call with a token is under way. */
const PASSING = new Set(['REQUEST_IN_PROGRESS', 'CHECKOUT_LEFT_BEHIND', 'TOKEN_REFUSED']);

type Service = Awaited<ReturnType<typeof spawnPurchase>>;
type Clients = Awaited<ReturnType<Service['clients']>>;

/** What is known of an order that a model numbers. */
export interface Known {
  readonly id: string;
  readonly lineIds: readonly string[];
  readonly returnIds: readonly string[];
}

export async function openShop({ pick }: Random, sellers: readonly number[], stock: number) {
  const peers = await openPeers();
  const sellerIds = [...new Set(sellers)].map(() => randomUUID());
  const variants = await Promise.all(sellers.map((seller) => goods({ sellerId: sellerIds[seller]!, stock })));
  const buyers: string[] = [];
  const told = await peers.events.listen(StockChanged);
  const back = await peers.events.listen(VariantBackInStock);
  const known = new Map<number, Known>();
  let service: Service | undefined;
  let clients: Clients | undefined;
  let reviving: Promise<void> | undefined;
  let deaths = 0;

  async function start(): Promise<void> {
    const spawned = await spawnPurchase(peers, pick(['', pick(POINTS)]));
    service = spawned;
    const died = spawned.killed().then(() => {
      if (service === spawned) service = undefined;
      deaths++;
    });
    await Promise.race([spawned.clients().then((opened) => (clients = opened)), died]);
  }

  /** Starts it again if it has died, and some time has gone by then. */
  function revive(): Promise<void> {
    const begin = async () => {
      while (!service) {
        if (deaths > 0) bed.shiftClock(pick([LEASES_MS, LEFT_BEHIND_MS]));
        await start();
      }
    };
    reviving ??= begin().finally(() => (reviving = undefined));
    return reviving;
  }

  async function kill(): Promise<void> {
    const dying = service;
    if (!dying) return;
    dying.kill();
    await until(() => service !== dying);
  }

  /** As the testkit's, of a service that may die meanwhile, on a machine that may be busy. */
  const untilLiving = <T>(condition: () => Promise<T>) => until(async () => revive().then(condition), PATIENCE_MS);

  /** What the caller is told: 'done', or why not. Throws when there was no answer, or one that says: once more. */
  const ask = (act: () => Promise<unknown>): Promise<string> =>
    act().then(
      () => 'done',
      (error) => {
        const reason = reasonOf(error) ?? String(error);
        if (UNANSWERED.has(error.code) || PASSING.has(reason)) throw error;
        return reason;
      },
    );

  const rows = async <T>(text: string, values: unknown[] = []) => (await sql.query(text, values)).rows as T[];
  const readShelves = () => rows<Shelf>(SHELVES, [variants.map(({ variantId }) => variantId)]);

  return {
    peers,
    variants,
    sellerIds,
    buyers,
    known,
    kill,
    deaths: () => deaths,
    clients: () => clients!,

    until: untilLiving,
    ask,

    /** Tells an event so many times, until it was handled. Who dies meanwhile is told again. */
    async tell(times: number, publish: (id: string) => Promise<void>): Promise<void> {
      const id = randomUUID();
      let toldAt = -1;
      await untilLiving(async () => {
        if (toldAt !== deaths) {
          toldAt = deaths;
          for (let time = 0; time < times; time++) await publish(id);
        }
        return (await rows('SELECT FROM kit.inbox WHERE event_id = $1', [id])).length > 0;
      });
    },

    /** What is so at every moment. */
    async checkShelves(): Promise<void> {
      for (const { variantId, onShelf, held, heldByOrders, sold, soldByProduct } of await readShelves()) {
        assert.ok(0 <= held && held <= onShelf, `${held} of ${onShelf} pieces of ${variantId} are held`);
        assert.is(held, heldByOrders, `what orders hold of ${variantId}`);
        assert.is(sold, soldByProduct, `what is counted as sold of ${variantId}`);
      }
    },

    /** What there is now, as the model shows it. */
    async look(): Promise<Shown> {
      const shelves = await readShelves();
      const orders = await rows<OrderRow>(ORDERS);
      for (const { id, buyerId, lines, returns } of orders.filter(({ placed }) => placed)) {
        known.set(buyers.indexOf(buyerId), { id, lineIds: lines.map((line) => line.id), returnIds: returns.map((request) => request.id) });
      }
      const kept = ({ id, holds, coupons, points }: OrderRow) =>
        [...new Set([...holds, ...(coupons ? [peers.coupons.get(id)] : []), ...(points ? [peers.points.get(id)?.state] : [])])].join();
      const leftBehind = orders.filter((row) => !row.placed && !(row.saga === 'UNDONE' && kept(row) === 'RELEASED'));
      const of = (events: readonly { variantId: string; available: number }[], { variantId }: Shelf) =>
        events.filter((event) => event.variantId === variantId).map(({ available }) => available);
      return {
        variants: shelves.map((shelf) => ({
          onShelf: shelf.onShelf,
          held: shelf.held,
          sold: shelf.sold,
          told: of(told, shelf),
          back: of(back, shelf),
        })),
        orders: Object.fromEntries(
          orders
            .filter(({ placed }) => placed)
            .map((row) => [
              buyers.indexOf(row.buyerId),
              {
                state: row.state,
                lines: row.lines.map(({ state }) => state),
                returns: row.returns.map(({ state }) => state),
                saga: row.saga,
                kept: kept(row),
              },
            ]),
        ),
        leftBehind: leftBehind.map(({ buyerId }) => buyers.indexOf(buyerId)),
      };
    },

    /** What has become of the checkout of a buyer who has gone; nothing as long as something is done about it. */
    async restOf(buyer: number): Promise<'done' | 'gone' | undefined> {
      const own = await rows<{ saga: string }>(
        `SELECT c.state AS saga FROM "order" o JOIN checkout c ON c.order_id = o.id WHERE o.buyer_id = $1 AND c.state <> 'UNDONE'`,
        [buyers[buyer]],
      );
      if (own.length === 0) return 'gone';
      return own[0]!.saga === 'RESERVING' || own[0]!.saga === 'UNDOING' ? undefined : 'done';
    },

    /** What was paid for lines that were taken back is given back, once. */
    async checkGivenBack(): Promise<void> {
      bed.shiftClock(LEFT_BEHIND_MS);
      await untilLiving(async () => (await rows('SELECT FROM give_back WHERE due_time IS NOT NULL')).length === 0);
      const due = await rows<{ id: string; paid: string; points: string }>(
        `SELECT o.id, sum(l.paid_minor) AS paid, sum(l.points_minor) AS points FROM "order" o JOIN order_line l ON l.order_id = o.id
           WHERE o.pay_time IS NOT NULL AND NOT o.charged_back AND l.state IN ('CANCELED', 'RETURNED') GROUP BY o.id`,
      );
      const sum = (amounts: readonly bigint[]) => String(amounts.reduce((total, amount) => total + amount, 0n));
      for (const { id, paid, points } of due) {
        const refunds = [...peers.refunds.values()].filter(({ orderId }) => orderId === id).map(({ amount }) => amount!.amountMinor);
        const returned = [...peers.returnedPoints.values()].filter(({ holderId }) => holderId === id).map(({ amountMinor }) => amountMinor);
        assert.equal([sum(refunds), sum(returned)], [paid, points], `what was given back of order ${id}`);
      }
    },
  };
}

export type House = Awaited<ReturnType<typeof openShop>>;

interface Shelf {
  readonly variantId: string;
  readonly onShelf: number;
  readonly held: number;
  readonly heldByOrders: number;
  readonly sold: number;
  readonly soldByProduct: number;
}

const SHELVES = `
  SELECT v.id AS "variantId", v.on_hand AS "onShelf", v.reserved AS held,
    (SELECT coalesce(sum(r.quantity), 0)::integer FROM reservation r WHERE r.variant_id = v.id AND r.state = 'HELD') AS "heldByOrders",
    (SELECT coalesce(sum(r.quantity - r.returned), 0)::integer FROM reservation r WHERE r.variant_id = v.id AND r.state = 'COMMITTED') AS sold,
    (p.sold_count + (SELECT coalesce(sum(s.pieces), 0) FROM sale s WHERE s.product_id = p.id))::integer AS "soldByProduct"
  FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, place) JOIN variant v ON v.id = w.id JOIN product p ON p.id = v.product_id ORDER BY w.place`;

interface InState {
  readonly id: string;
  readonly state: string;
}

interface OrderRow extends InState {
  readonly buyerId: string;
  readonly placed: boolean;
  readonly saga: string;
  readonly coupons: boolean;
  readonly points: boolean;
  /** The states of what it has of the stock, each once. */
  readonly holds: readonly string[];
  readonly lines: readonly InState[];
  readonly returns: readonly InState[];
}

const ORDERS = `
  SELECT o.id, o.buyer_id AS "buyerId", o.state, o.placed, c.state AS saga, c.coupons <> 'NOT_NEEDED' AS coupons, c.points <> 'NOT_NEEDED' AS points,
    ARRAY(SELECT DISTINCT r.state FROM reservation r WHERE r.order_id = o.id) AS holds,
    (SELECT json_agg(l ORDER BY l.position) FROM order_line l WHERE l.order_id = o.id) AS lines,
    (SELECT coalesce(json_agg(q ORDER BY q.id), '[]') FROM return_request q WHERE q.order_id = o.id) AS returns
  FROM "order" o JOIN checkout c ON c.order_id = o.id`;
