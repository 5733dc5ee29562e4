// Steps of orders that were paid: decided by the domain while the order is locked, and written by one SQL function of migration 0004_fulfilment.
import { crashPoint, newId, type Origin, sqlCall, transaction } from '@moa/kit';
import { eventsOf } from '../convert-events.js';
import { canceledByBank, type Step } from '../domain/fulfilment.js';
import type { Order, OrderLine } from '../domain/order.js';
import { isEnd, orderStateOf } from '../domain/order-state.js';
import type { PurchaseDatabase, Queries } from './database.js';
import { findOrder } from './orders.js';

/** An order that nobody else changes until the transaction ends. */
export async function lockOrder(tx: Queries, id: string): Promise<Order | undefined> {
  await tx.$queryRaw`SELECT FROM "order" WHERE id = ${id}::uuid FOR UPDATE`;
  return findOrder(tx, id);
}

/**
 * Does to an order what `decide` says, with the events that tell of it, and gives the order as it is then. `decide` throws what speaks against
 * it, also when there is no such order; it gives undefined when nothing is to be done.
 */
export async function changeOrder(
  tx: Queries,
  origin: Origin,
  id: string,
  decide: (order: Order | undefined) => { readonly order: Order; readonly step: Step } | undefined,
): Promise<Order | undefined> {
  const decided = decide(await lockOrder(tx, id));
  if (!decided) return undefined;
  const { order: before, step } = decided;
  const to = new Map(step.moved.map((move) => [move.line.id, move.to]));
  const state = orderStateOf(before.lines.map((line) => ({ state: to.get(line.id) ?? line.state })));
  const events = eventsOf({ ...before, state }, step, origin.at);
  const version = await writeStep(tx, origin, id, {
    state,
    ended: isEnd(state),
    events: events.length,
    cancelReason: step.cancelReason,
    ...step.parcel,
    lines: step.moved.map((move) => ({ id: move.line.id, from: move.line.state, to: move.to })),
    giveBack: step.giveBack === undefined ? undefined : { id: newId(), reason: step.giveBack },
    asked: step.asked,
    decided: step.decided ?? [],
  });
  for (const [place, emitAs] of events.entries()) await emitAs(tx, origin, version - BigInt(events.length - 1 - place));
  const after = await findOrder(tx, id);
  await restock(tx, origin, id, step.restocked ?? []);
  return after;
}

/** Nothing more of it is sent: the payer's bank took the money back. */
export async function cancelUnsent(tx: Queries, origin: Origin, id: string): Promise<void> {
  await changeOrder(tx, origin, id, (order) => {
    const step = order && canceledByBank(order);
    return step && { order, step };
  });
}

async function writeStep(tx: Queries, origin: Origin, orderId: string, step: object): Promise<bigint> {
  const [{ version }] = await tx.$queryRaw<[{ version: bigint }]>`
    SELECT step_order(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${JSON.stringify(step)}::jsonb) AS version`;
  return version;
}

async function restock(tx: Queries, origin: Origin, orderId: string, lines: readonly OrderLine[]): Promise<void> {
  if (lines.length === 0) return;
  const ids = lines.map(({ id }) => id);
  await tx.$queryRaw`SELECT restock_lines(${sqlCall(origin)}::jsonb, ${orderId}::uuid, ${ids}::uuid[])::text`;
}

const BATCH = 100;

/**
 * Does to all of these orders what their time says, each in a transaction of its own, until none is due or the service stops. One that fails
 * does not keep the others: what it failed with is thrown when its batch is done.
 */
export async function changeDueOrders(
  db: PurchaseDatabase,
  run: Origin & { readonly signal: AbortSignal },
  findDue: (most: number) => Promise<string[]>,
  decide: (order: Order) => Step | undefined,
): Promise<void> {
  for (;;) {
    const ids = await findDue(BATCH);
    const failures: unknown[] = [];
    for (const id of ids) {
      if (run.signal.aborted) return;
      await changeDue(db, run, id, decide).catch((error: unknown) => failures.push(error));
      crashPoint('purchase.due-order.changed');
    }
    if (failures.length > 0) throw failures[0];
    if (ids.length < BATCH) return;
  }
}

const changeDue = (db: PurchaseDatabase, origin: Origin, id: string, decide: (order: Order) => Step | undefined) =>
  transaction(db, (tx) =>
    changeOrder(tx, origin, id, (order) => {
      const step = order && decide(order);
      return step && { order, step };
    }),
  );
