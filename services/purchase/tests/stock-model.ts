// What the shop does with its stock, in memory and as plainly as it can be said: the model that the service is compared with. Plain objects, so
// that there can be several: one for each order in which what ran side by side may have come.
// Its time is days since the beginning.

export type LineState =
  | 'AWAITING_PAYMENT'
  | 'PAID'
  | 'PREPARING'
  | 'SHIPPED'
  | 'DELIVERED'
  | 'RETURN_REQUESTED'
  | 'COMPLETED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'RETURNED';

export interface Variant {
  readonly seller: number;
  /** What orders hold is on the shelf, too. */
  onShelf: number;
  held: number;
  /** And not given back. */
  sold: number;
  isOnSale: boolean;
  /** How many could be bought, each time that was told; and of these, when it was sold out before. */
  readonly told: number[];
  readonly back: number[];
}

export interface Line {
  readonly variant: number;
  readonly pieces: number;
  state: LineState;
  sentDay?: number;
  deliveredDay?: number;
}

export interface Order {
  readonly lines: Line[];
  /** BEGUN: nobody has seen it yet. ENDING: nobody can pay it any more, and it still holds its stock. */
  stage: 'BEGUN' | 'WAITING' | 'ENDING' | 'ENDED' | 'PAID';
  end?: 'CANCELED' | 'EXPIRED';
  /** Payment has the money, and nobody has told of it. */
  isPaidUntold?: true;
  isChargedBack?: true;
  readonly returns: { readonly lines: readonly number[]; state: 'OPEN' | 'APPROVED' | 'REJECTED' }[];
}

export interface Shop {
  day: number;
  readonly variants: Variant[];
  readonly orders: Record<string, Order>;
}

export type Wanted = readonly { readonly variant: number; readonly pieces: number }[];

/**
 * What is done comes in parts: each of them at once, and what others do may come between. The first that gives something ends it: that is what the
 * caller is told, 'done' or the reason of a refusal.
 */
export type Part = (shop: Shop) => string | undefined;

const DELIVERED_AFTER_DAYS = 14;
const RETURNABLE_DAYS = 7;

const free = ({ onShelf, held }: Variant): number => onShelf - held;
export const move = (lines: readonly Line[], state: LineState) => {
  for (const line of lines) line.state = state;
};

function tell(variant: Variant, before: number, isCounted = false): void {
  const now = free(variant);
  if (isCounted || before > 0 !== now > 0) variant.told.push(now);
  if (before <= 0 && now > 0 && variant.isOnSale) variant.back.push(now);
}

export const setStock =
  (of: number, pieces: number, by: 'onHand' | 'delta'): Part =>
  ({ variants }) => {
    const variant = variants[of]!;
    const before = free(variant);
    const next = by === 'delta' ? variant.onShelf + pieces : pieces;
    if (next < variant.held) return 'STOCK_RESERVED';
    variant.onShelf = next;
    tell(variant, before, true);
    return 'done';
  };

export const setOnSale =
  (of: number, isOnSale: boolean): Part =>
  ({ variants }) => {
    const variant = variants[of]!;
    if (variant.isOnSale === isOnSale) return isOnSale ? 'PRODUCT_ON_SALE' : 'PRODUCT_NOT_ON_SALE';
    variant.isOnSale = isOnSale;
    return 'done';
  };

// Of an order that is begun.

const look =
  (wanted: Wanted): Part =>
  ({ variants }) =>
    wanted.every(({ variant }) => variants[variant]!.isOnSale) ? undefined : 'PRODUCT_NOT_ON_SALE';

const take =
  (order: number | string, wanted: Wanted): Part =>
  ({ variants, orders }) => {
    if (wanted.some(({ variant, pieces }) => free(variants[variant]!) < pieces)) return 'OUT_OF_STOCK';
    for (const { variant, pieces } of wanted) {
      variants[variant]!.held += pieces;
      tell(variants[variant]!, free(variants[variant]!) + pieces);
    }
    orders[order] = { lines: wanted.map((line) => ({ ...line, state: 'AWAITING_PAYMENT' })), stage: 'BEGUN', returns: [] };
    return undefined;
  };

const give =
  (order: number | string, answer?: string): Part =>
  ({ variants, orders }) => {
    release(variants, orders[order]!);
    delete orders[order];
    return answer;
  };

/** It waits to be paid; or is paid, where it costs no money; or is refused for something else, and gives back what it held. */
export const checkOut = (order: number, wanted: Wanted, then: 'WAITING' | 'PAID' | 'POINTS_TOO_MANY'): readonly Part[] => [
  look(wanted),
  take(order, wanted),
  then === 'POINTS_TOO_MANY'
    ? give(order, then)
    : (shop) => {
        shop.orders[order]!.stage = 'WAITING';
        if (then === 'PAID') sell(shop, shop.orders[order]!);
        return 'done';
      },
];

/** It was begun, its call died, and nobody came back for it in time. */
export const checkOutInVain = (name: string, wanted: Wanted): readonly Part[] => [take(name, wanted), give(name)];

function release(variants: Variant[], { lines }: Order): void {
  for (const { variant, pieces } of lines) {
    variants[variant]!.held -= pieces;
    tell(variants[variant]!, free(variants[variant]!) - pieces);
  }
}

// Of an order that waits.

function sell(shop: Shop, order: Order): void {
  if (order.stage !== 'WAITING') return;
  order.stage = 'PAID';
  move(order.lines, 'PAID');
  for (const { variant: of, pieces } of order.lines) {
    const variant = shop.variants[of]!;
    variant.onShelf -= pieces;
    variant.held -= pieces;
    variant.sold += pieces;
  }
  // The payer's bank was faster than what tells that it was paid.
  if (order.isChargedBack) takeBack(shop, order.lines, 'CANCELED');
}

export function beginEnd(order: Order, end: 'CANCELED' | 'EXPIRED'): void {
  if (order.stage === 'WAITING') Object.assign(order, { stage: 'ENDING', end });
}

export function end(variants: Variant[], order: Order): void {
  if (order.stage !== 'ENDING') return;
  release(variants, order);
  order.stage = 'ENDED';
  move(order.lines, order.end!);
}

export const pay =
  (order: number): Part =>
  (shop) => {
    sell(shop, shop.orders[order]!);
    return 'done';
  };

export const payUntold =
  (order: number): Part =>
  ({ orders }) => {
    orders[order]!.isPaidUntold = true;
    return 'done';
  };

/** Who looks at payment, some time or other, finds what was not told. */
export const findPaid =
  (order: number): Part =>
  (shop) => {
    if (shop.orders[order]!.isPaidUntold) sell(shop, shop.orders[order]!);
    return undefined;
  };

/** Payment has ended without money. */
export const endPayment = (order: number): readonly Part[] => [
  ({ orders }) => {
    beginEnd(orders[order]!, 'EXPIRED');
    return undefined;
  },
  ({ variants, orders }) => {
    end(variants, orders[order]!);
    return 'done';
  },
];

/** Its time to be paid is over. */
export const expire =
  (order: number): Part =>
  ({ variants, orders }) => {
    beginEnd(orders[order]!, 'EXPIRED');
    end(variants, orders[order]!);
    return undefined;
  };

/** Orders that wait, and hold pieces of what is sold out: which of them ends first is told. */
export const holdersOfLast = ({ variants, orders }: Shop): number[] =>
  Object.entries(orders)
    .filter(([, { stage, lines }]) => stage === 'WAITING' && lines.some(({ variant }) => free(variants[variant]!) <= 0))
    .map(([number]) => Number(number));

/** More than a quarter of an hour goes by, and so many days: what waits is paid or has ended, and what is overdue goes on by itself. */
export const shift =
  (days: number): Part =>
  (shop) => {
    shop.day += days;
    for (const order of Object.values(shop.orders)) {
      if (order.isPaidUntold) sell(shop, order);
      beginEnd(order, 'EXPIRED');
      end(shop.variants, order);
      const due = order.lines.filter((line) => isOverdue(shop, line));
      const sent = due.filter(({ state }) => state === 'SHIPPED');
      move(
        due.filter(({ state }) => state === 'DELIVERED'),
        'COMPLETED',
      );
      deliver(shop, sent);
    }
    return 'done';
  };

/** It was sent, or delivered, so long ago that it goes on by itself. */
export const isOverdue = ({ day }: Shop, { sentDay = day, deliveredDay }: Line): boolean =>
  deliveredDay === undefined ? sentDay + DELIVERED_AFTER_DAYS <= day : deliveredDay + RETURNABLE_DAYS <= day;

// What goes on with lines, and comes back of them.

export function deliver({ day }: Shop, lines: readonly Line[]): void {
  move(lines, 'DELIVERED');
  for (const line of lines) line.deliveredDay ??= day;
}

export function takeBack(
  { variants }: Shop,
  lines: readonly Line[],
  state: 'CANCELED' | 'RETURNED',
  isRestocked: (line: Line) => boolean = () => true,
): void {
  for (const line of lines.filter(isRestocked)) {
    const variant = variants[line.variant]!;
    variant.onShelf += line.pieces;
    variant.sold -= line.pieces;
    tell(variant, free(variant) - line.pieces);
  }
  move(lines, state);
}

export const isUnsent = ({ state }: Line): boolean => state === 'PAID' || state === 'PREPARING';
