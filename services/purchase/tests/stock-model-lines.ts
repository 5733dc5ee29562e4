// The rest of the model: how an order is canceled, and what becomes of its lines when it was paid.
import {
  beginEnd,
  deliver,
  end,
  isUnsent,
  type Line,
  type LineState,
  move,
  type Order,
  type Part,
  type Shop,
  takeBack,
} from './stock-model.js';

export const REFUNDABLE: readonly LineState[] = ['PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'RETURN_REQUESTED', 'COMPLETED'];

/** Lines by their places; none: all that it may be done to. */
type Named = readonly number[];

interface Move {
  readonly from: readonly LineState[];
  readonly refusal: string;
}

/** What is done to lines, all at once or not at all. */
function toLines(own: readonly Line[], named: readonly Line[], { from, refusal }: Move, act: (lines: readonly Line[]) => void): string {
  const lines = named.length > 0 ? named : own.filter(({ state }) => from.includes(state));
  if (lines.some((line) => !own.includes(line))) return 'LINE_NOT_FOUND';
  if (lines.length === 0 || lines.some(({ state }) => !from.includes(state))) return refusal;
  act(lines);
  return 'done';
}

const linesOf = ({ lines }: Order, named: Named) => named.map((place) => lines[place]!);

const ofBuyer =
  (of: number, named: Named, rule: Move, act: (shop: Shop, lines: readonly Line[]) => void): Part =>
  (shop) => {
    const order = shop.orders[of]!;
    return toLines(order.lines, linesOf(order, named), rule, (lines) => act(shop, lines));
  };

const ofSeller =
  (seller: number, of: number, named: Named, rule: Move, act: (shop: Shop, lines: readonly Line[]) => void, isSent = false): Part =>
  (shop) => {
    const order = shop.orders[of]!;
    const own = order.stage === 'PAID' ? order.lines.filter(({ variant }) => shop.variants[variant]!.seller === seller) : [];
    if (own.length === 0) return 'ORDER_NOT_FOUND';
    if (isSent && order.isChargedBack) return 'ORDER_CHARGED_BACK';
    return toLines(own, linesOf(order, named), rule, (lines) => act(shop, lines));
  };

/** Before it is paid as a whole, and then its stock comes back a little later; after that line by line. */
export const cancel = (of: number, named: Named): readonly Part[] => [
  ({ orders }) => {
    const order = orders[of]!;
    if (order.stage !== 'PAID' && named.length > 0 && named.length < order.lines.length) return 'ORDER_NOT_PAID';
    beginEnd(order, 'CANCELED');
    return undefined;
  },
  (shop) => {
    const order = shop.orders[of]!;
    if (order.stage !== 'PAID') {
      if (order.end !== 'CANCELED') return 'ORDER_ENDED';
      end(shop.variants, order);
      return 'done';
    }
    const wanted =
      named.length > 0 ? linesOf(order, named) : order.lines.filter(({ state }) => state !== 'CANCELED' && state !== 'RETURNED');
    return toLines(order.lines, wanted, { from: ['PAID'], refusal: 'LINE_NOT_CANCELABLE' }, (lines) => takeBack(shop, lines, 'CANCELED'));
  },
];

export const cancelSold = (seller: number, of: number, named: Named): Part =>
  ofSeller(seller, of, named, { from: ['PAID', 'PREPARING'], refusal: 'LINE_SENT' }, (shop, lines) => takeBack(shop, lines, 'CANCELED'));

export const prepare = (seller: number, of: number, named: Named): Part =>
  ofSeller(seller, of, named, { from: ['PAID'], refusal: 'LINE_NOT_TO_PREPARE' }, (_, lines) => move(lines, 'PREPARING'), true);

/** Who names lines that are on their way corrects what was said of them. */
export const send = (seller: number, of: number, named: Named): Part =>
  ofSeller(
    seller,
    of,
    named,
    { from: named.length > 0 ? ['PAID', 'PREPARING', 'SHIPPED'] : ['PAID', 'PREPARING'], refusal: 'LINE_NOT_TO_SHIP' },
    ({ day }, lines) => {
      move(lines, 'SHIPPED');
      for (const line of lines) line.sentDay ??= day;
    },
    true,
  );

export const confirmDelivery = (of: number, named: Named): Part =>
  ofBuyer(of, named, { from: ['SHIPPED'], refusal: 'LINE_NOT_ON_ITS_WAY' }, deliver);

export const complete = (of: number, named: Named): Part =>
  ofBuyer(of, named, { from: ['DELIVERED'], refusal: 'LINE_NOT_DELIVERED' }, (_, lines) => move(lines, 'COMPLETED'));

/** Of one seller at a time. */
export const askReturn =
  (of: number, named: Named): Part =>
  (shop) => {
    const { lines, returns } = shop.orders[of]!;
    const from: readonly LineState[] = ['SHIPPED', 'DELIVERED'];
    const wanted = named.length > 0 ? linesOf(shop.orders[of]!, named) : lines.filter(({ state }) => from.includes(state));
    const isMixed = new Set(wanted.map(({ variant }) => shop.variants[variant]!.seller)).size > 1;
    if (isMixed && wanted.every(({ state }) => from.includes(state))) return 'LINES_OF_SEVERAL_SELLERS';
    return toLines(lines, wanted, { from, refusal: 'LINE_NOT_RETURNABLE' }, (asked) => {
      move(asked, 'RETURN_REQUESTED');
      returns.push({ lines: asked.map((line) => lines.indexOf(line)), state: 'OPEN' });
    });
  };

export const decideReturn =
  (of: number, which: number, decision: 'APPROVED' | 'REJECTED', isRestocked: boolean): Part =>
  (shop) => {
    const order = shop.orders[of]!;
    const request = order.returns[which]!;
    if (request.state !== 'OPEN') return 'RETURN_DECIDED';
    request.state = decision;
    const asked = linesOf(order, request.lines).filter(({ state }) => state === 'RETURN_REQUESTED');
    if (decision === 'APPROVED') takeBack(shop, asked, 'RETURNED', () => isRestocked);
    else for (const line of asked) line.state = line.deliveredDay === undefined ? 'SHIPPED' : 'DELIVERED';
    return 'done';
  };

/** By staff: what was not sent is on the shelf anyway, and a wish of which nothing is left is granted by that. */
export const refund = (of: number, named: Named, isRestocked: boolean): Part =>
  ofBuyer(of, named, { from: REFUNDABLE, refusal: 'LINE_NOT_REFUNDABLE' }, (shop, lines) => {
    takeBack(shop, lines, 'RETURNED', (line) => isRestocked || isUnsent(line));
    const order = shop.orders[of]!;
    for (const request of order.returns.filter(({ state }) => state === 'OPEN'))
      if (linesOf(order, request.lines).every(({ state }) => state !== 'RETURN_REQUESTED')) request.state = 'APPROVED';
  });

/** The payer's bank takes the money back: what was not sent is not sent any more. */
export const chargeBack =
  (of: number): Part =>
  (shop) => {
    const order = shop.orders[of]!;
    order.isChargedBack = true;
    takeBack(shop, order.lines.filter(isUnsent), 'CANCELED');
    return 'done';
  };
