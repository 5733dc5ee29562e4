// What is done to an order after it was paid. Each function looks at an order that is locked, and says what becomes of it, or why not.
import { fail } from '../errors.js';
import type { Order, OrderLine, OrderState, ReturnRequest } from './order.js';
import { isTakenBack, MOVES, type Move } from './order-state.js';

const DAY_MS = 86_400_000;
/** After so long a parcel that nobody confirmed counts as delivered. */
export const DELIVERED_AFTER_MS = 14 * DAY_MS;
/** Korean E-Commerce Act, article 17 (1): a buyer may withdraw within seven days of receiving what was sent. After that it is completed. */
export const RETURN_WINDOW_MS = 7 * DAY_MS;

export interface Moved {
  readonly line: OrderLine;
  readonly to: OrderState;
}

export interface Decision {
  readonly id: string;
  readonly state: 'APPROVED' | 'REJECTED';
  readonly rejectionReason: string;
}

/** What becomes of an order. */
export interface Step {
  readonly what: 'canceled' | 'prepared' | 'shipped' | 'delivered' | 'completed' | 'return-requested' | 'returned' | 'rejected';
  readonly moved: readonly Moved[];
  readonly parcel?: { readonly carrier: string; readonly trackingNumber: string };
  readonly cancelReason?: string | undefined;
  /** Lines whose goods are on the shelf again. */
  readonly restocked?: readonly OrderLine[];
  /** Why what was paid for the lines is given back; absent when it is not. */
  readonly giveBack?: string;
  /** A wish to give the lines back. */
  readonly asked?: { readonly id: string; readonly sellerId: string; readonly reason: string };
  readonly decided?: readonly Decision[];
}

/** A seller's lines of an order. Throws ORDER_NOT_FOUND when there are none, or it was not paid. */
export function linesOfSeller(order: Order | undefined, sellerId: string): OrderLine[] {
  const own = order?.payTime ? order.lines.filter((line) => line.sellerId === sellerId) : [];
  if (own.length === 0) throw fail('ORDER_NOT_FOUND');
  return own;
}

/** The buyer takes lines back, or all that are left, before they are packed. */
export function canceledByBuyer({ lines }: Order, lineIds: readonly string[], reason: string): Step {
  const wanted = lineIds.length > 0 ? lineIds : lines.filter((line) => !isTakenBack(line)).map(({ id }) => id);
  return canceled(pick('cancel', lines, wanted), reason);
}

/** The seller cannot deliver lines. */
export const canceledBySeller = (own: readonly OrderLine[], lineIds: readonly string[], reason: string): Step =>
  canceled(pick('cancelBySeller', own, lineIds), reason);

// Nothing of it was sent.
const canceled = (lines: readonly OrderLine[], reason: string): Step => ({
  what: 'canceled',
  moved: moved(lines, 'CANCELED'),
  restocked: lines,
  cancelReason: reason || undefined,
  giveBack: reason || 'canceled by the buyer',
});

/** Undefined when nothing is left that was not sent: the payer's bank took the money back, so it is not sent any more. */
export function canceledByBank({ lines }: Order): Step | undefined {
  const unsent = lines.filter(isUnsent);
  return unsent.length > 0 ? canceled(unsent, 'charged back by the payer') : undefined;
}

export function prepared(order: Order, own: readonly OrderLine[], lineIds: readonly string[]): Step {
  checkNotChargedBack(order);
  return { what: 'prepared', moved: moved(pick('prepare', own, lineIds), 'PREPARING') };
}

/** Lines are sent; of those that were named and are on their way already, what was said is corrected. */
export function shipped(order: Order, own: readonly OrderLine[], lineIds: readonly string[], parcel: NonNullable<Step['parcel']>): Step {
  checkNotChargedBack(order);
  return { what: 'shipped', moved: moved(pick(lineIds.length > 0 ? 'correct' : 'ship', own, lineIds), 'SHIPPED'), parcel };
}

export const delivered = ({ lines }: Order, lineIds: readonly string[]): Step => ({
  what: 'delivered',
  moved: moved(pick('deliver', lines, lineIds), 'DELIVERED'),
});

/** Parcels that nobody confirmed in time. Undefined when there are none. */
export function deliveredByTime({ lines }: Order, at: Date): Step | undefined {
  const due = lines.filter(({ state, shipTime }) => state === 'SHIPPED' && isPast(shipTime, DELIVERED_AFTER_MS, at));
  return due.length > 0 ? { what: 'delivered', moved: moved(due, 'DELIVERED') } : undefined;
}

export const completed = ({ lines }: Order, lineIds: readonly string[]): Step => ({
  what: 'completed',
  moved: moved(pick('complete', lines, lineIds), 'COMPLETED'),
});

/** What was delivered so long ago that it cannot be returned any more; undefined when there is none. What somebody asked to return waits. */
export function completedByTime({ lines }: Order, at: Date): Step | undefined {
  const due = lines.filter(({ state, deliveryTime }) => state === 'DELIVERED' && isPast(deliveryTime, RETURN_WINDOW_MS, at));
  return due.length > 0 ? { what: 'completed', moved: moved(due, 'COMPLETED') } : undefined;
}

export function returnRequested(
  { lines }: Order,
  lineIds: readonly string[],
  { id, reason, at }: { id: string; reason: string; at: Date },
): Step {
  const wanted = pick('askReturn', lines, lineIds);
  const { sellerId } = wanted[0]!;
  if (wanted.some((line) => line.sellerId !== sellerId)) throw fail('LINES_OF_SEVERAL_SELLERS');
  const late = wanted.find(({ deliveryTime }) => isPast(deliveryTime, RETURN_WINDOW_MS, at));
  if (late)
    throw fail('RETURN_WINDOW_OVER', { lineId: late.id, until: new Date(late.deliveryTime!.getTime() + RETURN_WINDOW_MS).toISOString() });
  return { what: 'return-requested', moved: moved(wanted, 'RETURN_REQUESTED'), asked: { id, sellerId, reason } };
}

/** The goods are back. Throws RETURN_DECIDED. */
export function returnApproved(order: Order, request: ReturnRequest, isRestocked: boolean): Step {
  const lines = openLines(order, request);
  return {
    what: 'returned',
    moved: moved(lines, 'RETURNED'),
    restocked: isRestocked ? lines : [],
    giveBack: request.reason,
    decided: [{ id: request.id, state: 'APPROVED', rejectionReason: '' }],
  };
}

/** The lines are again where they were. Throws RETURN_DECIDED and REJECTION_REASON_MISSING. */
export function returnRejected(order: Order, request: ReturnRequest, rejectionReason: string): Step {
  const lines = openLines(order, request);
  if (rejectionReason === '') throw fail('REJECTION_REASON_MISSING');
  return {
    what: 'rejected',
    moved: lines.map((line) => ({ line, to: line.deliveryTime ? 'DELIVERED' : 'SHIPPED' })),
    decided: [{ id: request.id, state: 'REJECTED', rejectionReason }],
  };
}

/** Staff give lines back. Wishes to return them of which nothing is left are granted by that. */
export function refundedByStaff({ lines, returns }: Order, lineIds: readonly string[], reason: string, isRestocked: boolean): Step {
  const wanted = pick('refund', lines, lineIds);
  const stillAsked = new Set(lines.filter((line) => line.state === 'RETURN_REQUESTED' && !wanted.includes(line)).map(({ id }) => id));
  const granted = returns.filter(({ state, lineIds: asked }) => state === 'OPEN' && !asked.some((id) => stillAsked.has(id)));
  return {
    what: 'returned',
    moved: moved(wanted, 'RETURNED'),
    // What was not sent is there anyway.
    restocked: wanted.filter((line) => isRestocked || isUnsent(line)),
    giveBack: reason,
    decided: granted.map(({ id }) => ({ id, state: 'APPROVED', rejectionReason: '' })),
  };
}

function openLines({ lines }: Order, { id, state, lineIds }: ReturnRequest): OrderLine[] {
  if (state !== 'OPEN') throw fail('RETURN_DECIDED', { id, state });
  // Staff may have given some of them back meanwhile.
  return lines.filter((line) => lineIds.includes(line.id) && line.state === 'RETURN_REQUESTED');
}

/** The lines that are named, or all that the move is for. Throws LINE_NOT_FOUND, and the move's refusal for a line that is elsewhere. */
function pick(move: Move, lines: readonly OrderLine[], lineIds: readonly string[]): OrderLine[] {
  const { refusal } = MOVES[move];
  const from: readonly OrderState[] = MOVES[move].from;
  const wanted = lineIds.length > 0 ? named(lines, lineIds) : lines.filter(({ state }) => from.includes(state));
  const elsewhere = wanted.find(({ state }) => !from.includes(state));
  if (elsewhere) throw fail(refusal, { lineId: elsewhere.id, state: elsewhere.state });
  if (wanted.length === 0) throw fail(refusal);
  return wanted;
}

const named = (lines: readonly OrderLine[], lineIds: readonly string[]): OrderLine[] =>
  [...new Set(lineIds)].map((lineId) => {
    const line = lines.find(({ id }) => id === lineId);
    if (!line) throw fail('LINE_NOT_FOUND', { lineId });
    return line;
  });

function checkNotChargedBack({ chargedBack }: Order): void {
  if (chargedBack) throw fail('ORDER_CHARGED_BACK');
}

const isUnsent = ({ state }: OrderLine): boolean => state === 'PAID' || state === 'PREPARING';

const moved = (lines: readonly OrderLine[], to: OrderState): Moved[] => lines.map((line) => ({ line, to }));

const isPast = (since: Date | null, afterMs: number, at: Date): boolean => since !== null && since.getTime() + afterMs <= at.getTime();
