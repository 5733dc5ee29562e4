// What can be seen of the model's shop, and is compared with what there is.
import type { LineState, Order, Shop, Variant } from './stock-model.js';

const FAR: readonly LineState[] = ['PAID', 'PREPARING', 'SHIPPED', 'DELIVERED', 'RETURN_REQUESTED', 'COMPLETED'];

/** What there is to be seen of it. */
export interface Shown {
  readonly variants: readonly Omit<Variant, 'seller' | 'isOnSale'>[];
  readonly orders: Readonly<Record<string, object>>;
  /** Orders that came to nothing before anybody saw them, and still hold something. */
  readonly leftBehind: readonly number[];
}

export const show = ({ variants, orders }: Shop): Shown => ({
  variants: variants.map(({ onShelf, held, sold, told, back }) => ({ onShelf, held, sold, told, back })),
  orders: Object.fromEntries(
    Object.entries(orders).map(([number, order]) => [
      number,
      {
        state: stateOf(order),
        lines: order.lines.map(({ state }) => state),
        returns: order.returns.map(({ state }) => state),
        ...AT_REST[order.stage],
      },
    ]),
  ),
  leftBehind: [],
});

/** How its checkout ends, and what it has of stock, coupons and points alike. What is on its way is never at rest. */
const AT_REST = {
  BEGUN: {},
  WAITING: { saga: 'WAITING', kept: 'HELD' },
  ENDING: {},
  ENDED: { saga: 'UNDONE', kept: 'RELEASED' },
  PAID: { saga: 'DONE', kept: 'COMMITTED' },
};

/** That of the least far of its lines that were not taken back. */
function stateOf({ stage, lines }: Order): LineState {
  if (stage !== 'PAID') return lines[0]!.state;
  const far = FAR.find((state) => lines.some((line) => line.state === state));
  return far ?? (lines.some(({ state }) => state === 'RETURNED') ? 'RETURNED' : 'CANCELED');
}
