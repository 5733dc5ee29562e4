// What orders hold of variants, and buy: many at once, twice, and back.
import { randomUUID } from 'node:crypto';
import { StockChanged, VariantBackInStock } from '@moa/contracts/purchase/v1/purchase_events';
import { originAt, transaction } from '@moa/kit';
import { openEvents, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Queries } from '../src/store/database.js';
import { countSales } from '../src/store/products.js';
import { commitStock, releaseStock, reserveStock, restock, type WantedPieces } from '../src/store/stock.js';
import { bed, closeBed, onSale, openCatalogue, openStore, refusal, sql, stock, variantOf } from './catalogue-support.js';

const { catalogue, stop } = await openCatalogue();
const { db, stop: stopStore } = await openStore();
const events = await openEvents(bed);

const HOUR_MS = 3_600_000;
const origin = () => originAt(bed.now());
const inTransaction = (work: (tx: Queries) => Promise<void>) => transaction(db, work);

/** Without the kit's tries: whoever waits in a circle fails. */
const once = (work: (tx: Queries) => Promise<void>) => db.client.$transaction(work);

/** An order that holds what it wants; its id. */
async function reserved(...wanted: WantedPieces[]): Promise<string> {
  const orderId = randomUUID();
  await inTransaction((tx) => reserveStock(tx, origin(), orderId, wanted, new Date(bed.now().getTime() + HOUR_MS)));
  return orderId;
}
const commit = (orderId: string) => inTransaction((tx) => commitStock(tx, orderId));
const release = (orderId: string) => inTransaction((tx) => releaseStock(tx, origin(), orderId));
const giveBack = (orderId: string, variantId: string, pieces: number) =>
  inTransaction((tx) => restock(tx, origin(), orderId, variantId, pieces));

async function shelf(variantId: string): Promise<{ onHand: number; reserved: number }> {
  const { rows } = await sql.query('SELECT on_hand AS "onHand", reserved FROM variant WHERE id = $1', [variantId]);
  return rows[0];
}

const of = <T extends { variantId: string }>(heard: readonly T[], variantId: string) =>
  heard.filter((event) => event.variantId === variantId);

test('of 300 buyers of the last 100 pieces 100 get one, the others are told so, and it is told once that they are gone', async () => {
  const told = await events.listen(StockChanged);
  const { variantId } = await onSale(catalogue, 100);
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, () =>
      reserved({ variantId, quantity: 1 }).then(
        () => 'held',
        (error) => refusal(Promise.reject(error)).then(() => error.reason as string),
      ),
    ),
  );
  assert.is(outcomes.filter((outcome) => outcome === 'held').length, 100);
  assert.is(outcomes.filter((outcome) => outcome === 'OUT_OF_STOCK').length, 200);
  assert.equal(await shelf(variantId), { onHand: 100, reserved: 100 });
  const { rows } = await sql.query('SELECT count(*)::integer AS count FROM reservation WHERE variant_id = $1', [variantId]);
  assert.is(rows[0].count, 100);
  await until(() => of(told, variantId).length >= 2);
  assert.equal(
    of(told, variantId).map(({ available }) => available),
    [100, 0],
  );
});

test('all or none: what another variant lacks leaves the first one free', async () => {
  const [plenty, scarce] = [await onSale(catalogue, 10), await onSale(catalogue, 1)];
  const wanted = [
    { variantId: plenty.variantId, quantity: 2 },
    { variantId: scarce.variantId, quantity: 2 },
  ];
  const error = await reserved(...wanted).catch((error) => error);
  assert.equal([error.reason, error.facts], ['OUT_OF_STOCK', { variantId: scarce.variantId, available: 1 }]);
  assert.equal(await shelf(plenty.variantId), { onHand: 10, reserved: 0 });
});

test('a release gives back, once, and whoever waits is told once', async () => {
  const back = await events.listen(VariantBackInStock);
  const { variantId } = await onSale(catalogue, 4);
  const orders = [await reserved({ variantId, quantity: 3 }), await reserved({ variantId, quantity: 1 })];
  assert.is((await reserved({ variantId, quantity: 1 }).catch((error) => error)).reason, 'OUT_OF_STOCK');
  await Promise.all([...orders, ...orders, ...orders].map(release));
  assert.equal(await shelf(variantId), { onHand: 4, reserved: 0 });
  await Promise.all(orders.map(commit));
  assert.equal(await shelf(variantId), { onHand: 4, reserved: 0 });
  // One more event, and all before it have come.
  const last = await onSale(catalogue, 1);
  await release(await reserved({ variantId: last.variantId, quantity: 1 }));
  await until(() => of(back, last.variantId).length === 1);
  assert.is(of(back, variantId).length, 1);
});

test('nobody is told that something is back that is not for sale', async () => {
  const back = await events.listen(VariantBackInStock);
  const { id, seller, variantId } = await onSale(catalogue);
  await catalogue.pauseProduct({ requestId: randomUUID(), id }, seller);
  await stock(catalogue, seller, variantId, 3);
  await stock(catalogue, seller, variantId, 0);
  await catalogue.publishProduct({ requestId: randomUUID(), id }, seller);
  await stock(catalogue, seller, variantId, 2);
  await until(() => of(back, variantId).length > 0);
  assert.equal(
    of(back, variantId).map(({ available }) => available),
    [2],
  );
});

test('a commit sells what is held, once, and a release after it changes nothing', async () => {
  const { variantId } = await onSale(catalogue, 5);
  const orderId = await reserved({ variantId, quantity: 2 });
  await Promise.all([commit(orderId), commit(orderId), commit(orderId)]);
  assert.equal(await shelf(variantId), { onHand: 3, reserved: 0 });
  await release(orderId);
  assert.equal(await shelf(variantId), { onHand: 3, reserved: 0 });
});

test('of a commit and a release at once exactly one counts', async () => {
  const { variantId } = await onSale(catalogue, 10);
  for (let round = 0; round < 10; round++) {
    const before = await shelf(variantId);
    const orderId = await reserved({ variantId, quantity: 1 });
    await Promise.all([commit(orderId), release(orderId)]);
    const { rows } = await sql.query('SELECT state FROM reservation WHERE order_id = $1', [orderId]);
    assert.equal(await shelf(variantId), { onHand: before.onHand - (rows[0].state === 'COMMITTED' ? 1 : 0), reserved: 0 });
  }
});

test('no more comes back than was bought, however many give back at once', async () => {
  const { variantId } = await onSale(catalogue, 10);
  const orderId = await reserved({ variantId, quantity: 3 });
  assert.ok(await giveBack(orderId, variantId, 1).catch((error) => error), 'what is held only was not bought');
  await commit(orderId);
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => giveBack(orderId, variantId, 1)));
  assert.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
  assert.equal(await shelf(variantId), { onHand: 10, reserved: 0 });
});

test('what was sold and not given back is counted for the product', async () => {
  const { id, variantId } = await onSale(catalogue, 10);
  const orderId = await reserved({ variantId, quantity: 5 });
  await commit(orderId);
  await giveBack(orderId, variantId, 2);
  await Promise.all([countSales(db.client, 100), countSales(db.client, 100)]);
  await until(async () => {
    const { rows } = await sql.query(
      'SELECT p.sold_count::integer AS of, l.sold_count::integer AS listed FROM product p JOIN product_listing l ON l.product_id = p.id WHERE p.id = $1',
      [id],
    );
    return rows[0].of === 3 && rows[0].listed === 3;
  });
});

test('who waits for a variant holds no product yet, which others tell of meanwhile', async () => {
  const options = [{ name: '색', values: ['빨강', '파랑'] }];
  const variants = [variantOf({ optionValues: ['빨강'] }), variantOf({ optionValues: ['파랑'] })];
  const isWaiting = async () => {
    const { rows } = await sql.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()");
    return rows.length > 0;
  };
  const { variantIds } = await onSale(catalogue, 3, { options, variants });
  const [first, second] = [...variantIds].sort() as [string, string];
  const soldOut = await reserved({ variantId: first, quantity: 3 }, { variantId: second, quantity: 1 });
  const both = [
    { variantId: first, quantity: 3 },
    { variantId: second, quantity: 1 },
  ];
  for (const work of [
    // Gives the first back, and sells it out again.
    (tx: Queries) => releaseStock(tx, origin(), soldOut),
    (tx: Queries) => reserveStock(tx, origin(), randomUUID(), both, bed.now()),
  ]) {
    const holder = await sql.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM variant WHERE id = $1 FOR NO KEY UPDATE', [second]);
    const waiting = once(work);
    await until(isWaiting);
    await holder.query('UPDATE product SET version = version + 1 WHERE id = (SELECT product_id FROM variant WHERE id = $1)', [second]);
    await holder.query('COMMIT');
    holder.release();
    await waiting;
  }
});

test('orders of several variants, in any order, with their sellers at work, never wait in a circle', async () => {
  const options = [{ name: '색', values: ['빨강', '파랑'] }];
  const variants = [variantOf({ optionValues: ['빨강'] }), variantOf({ optionValues: ['파랑'] })];
  // One piece each: every order sells something out, and every release tells so.
  const products = await Promise.all(Array.from({ length: 4 }, () => onSale(catalogue, 2, { options, variants })));
  const all = products.flatMap(({ variantIds }) => variantIds);
  const shuffled = () => all.map((variantId) => ({ variantId, at: Math.random() })).sort((a, b) => a.at - b.at);
  let held = 0;
  const buyer = async () => {
    for (let round = 0; round < 8; round++) {
      const orderId = randomUUID();
      const wanted = shuffled()
        .slice(0, 3)
        .map(({ variantId }) => ({ variantId, quantity: 1 + Math.round(Math.random()) }));
      const failure = await once((tx) => reserveStock(tx, origin(), orderId, wanted, bed.now())).then(
        () => undefined,
        (error) => error,
      );
      if (failure) {
        assert.is(failure.reason, 'OUT_OF_STOCK', String(failure));
        continue;
      }
      held++;
      if (round % 3 > 0) {
        await once((tx) => releaseStock(tx, origin(), orderId));
        continue;
      }
      await once((tx) => commitStock(tx, orderId));
      await once(async (tx) => {
        for (const { variantId, quantity } of wanted) await restock(tx, origin(), orderId, variantId, quantity);
      });
    }
  };
  const seller = async ({ seller: token, variantIds }: (typeof products)[number]) => {
    for (let round = 0; round < 10; round++) {
      const variantId = variantIds[round % 2]!;
      const change = { $case: 'delta', value: round % 4 < 2 ? 1n : -1n } as const;
      await catalogue.setStock({ requestId: randomUUID(), variantId, change }, token).catch(() => {});
    }
  };
  const { rows: before } = await sql.query('SELECT deadlocks::integer FROM pg_stat_database WHERE datname = current_database()');
  await Promise.all([...Array.from({ length: 12 }, buyer), ...products.map(seller)]);
  assert.ok(held > 0);
  const { rows } = await sql.query('SELECT coalesce(sum(reserved), 0)::integer AS reserved FROM variant WHERE id = ANY($1)', [all]);
  assert.is(rows[0].reserved, 0);
  const { rows: after } = await sql.query('SELECT deadlocks::integer FROM pg_stat_database WHERE datname = current_database()');
  assert.is(after[0].deadlocks, before[0].deadlocks);
});

test.after(() => closeBed(events.close, stop, stopStore));
test.run();
