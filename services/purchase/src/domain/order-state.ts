// Where an order stands, by its lines; and what may become of a line after it was paid.
import type { OrderState } from './order.js';

// From the least far on. What is to be returned is further than delivered: nobody waits for a parcel any more, and somebody decides.
const FAR: readonly OrderState[] = [
  'PENDING',
  'AWAITING_PAYMENT',
  'PAID',
  'PREPARING',
  'SHIPPED',
  'DELIVERED',
  'RETURN_REQUESTED',
  'COMPLETED',
];

export interface InState {
  readonly state: OrderState;
}

export const isTakenBack = ({ state }: InState): boolean => state === 'CANCELED' || state === 'RETURNED';

/** That of the least far of its lines that were not taken back. When all were: RETURNED if one was, else CANCELED. */
export function orderStateOf(lines: readonly InState[]): OrderState {
  const far = lines.filter((line) => !isTakenBack(line)).map(({ state }) => FAR.indexOf(state));
  if (far.length > 0) return FAR[Math.min(...far)]!;
  return lines.some(({ state }) => state === 'RETURNED') ? 'RETURNED' : 'CANCELED';
}

/** Nothing happens by itself to an order in one of these. */
export const isEnd = (state: OrderState): boolean => state === 'COMPLETED' || isTakenBack({ state });

/** What is done to lines: from where, and what is said of a line that is elsewhere. */
export const MOVES = {
  cancel: { from: ['PAID'], refusal: 'LINE_NOT_CANCELABLE' },
  cancelBySeller: { from: ['PAID', 'PREPARING'], refusal: 'LINE_SENT' },
  prepare: { from: ['PAID'], refusal: 'LINE_NOT_TO_PREPARE' },
  ship: { from: ['PAID', 'PREPARING'], refusal: 'LINE_NOT_TO_SHIP' },
  // Who names a line that is on its way corrects what was said of it.
  correct: { from: ['PAID', 'PREPARING', 'SHIPPED'], refusal: 'LINE_NOT_TO_SHIP' },
  deliver: { from: ['SHIPPED'], refusal: 'LINE_NOT_ON_ITS_WAY' },
  complete: { from: ['DELIVERED'], refusal: 'LINE_NOT_DELIVERED' },
  askReturn: { from: ['SHIPPED', 'DELIVERED'], refusal: 'LINE_NOT_RETURNABLE' },
  refund: { from: ['PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'RETURN_REQUESTED', 'COMPLETED'], refusal: 'LINE_NOT_REFUNDABLE' },
} as const satisfies Record<string, { readonly from: readonly OrderState[]; readonly refusal: string }>;

export type Move = keyof typeof MOVES;
