// Chooses at random to whom and to what something is done: most often to what it can be done to, so that something happens.
import { randomUUID } from 'node:crypto';
import type { Random } from '@moa/testkit';
import { bed } from './checkout-support.js';
import type { House, Known } from './stock-house.js';
import type { LineState, Order, Part, Shop, Wanted } from './stock-model.js';

/** Something that is done to the service, and what the model says of it. */
export interface Deed {
  readonly what: string;
  readonly parts: readonly Part[];
  /** However often it is done, it is the same request, or event. */
  readonly act: () => Promise<unknown>;
  /** Once it was answered it has the same answer for ever. */
  readonly isRequest?: true;
  /** By the clock: nothing else happens meanwhile, and it is done once. */
  readonly isAlone?: true;
  /** An order that was paid by this, and payment does not tell. */
  readonly untold?: number;
  /** Of a checkout. */
  readonly buyer?: number;
  readonly wanted?: Wanted;
}

export type Chosen = Known & { readonly number: number; readonly order: Order };
export type Choices = ReturnType<typeof openChoices>;

export function openChoices({ sellerIds, buyers, known }: House, { below, pick }: Random, shop: () => Shop) {
  let focus: number | undefined;
  const chance = (one: number) => below(one) === 0;
  const inState =
    ({ lines }: Order, states: readonly LineState[]) =>
    (place: number) =>
      states.includes(lines[place]!.state);

  return {
    below,
    pick,
    chance,
    shop,
    inState,

    /** From here on things happen side by side, some of them to the same order. */
    refocus() {
      focus = undefined;
    },

    /** Now and then any, or one that others do something to at the same time. */
    anOrder(fits: (order: Order) => boolean): Chosen | undefined {
      const all = Object.entries(shop().orders).map(([number, order]) => ({ number: Number(number), order }));
      const fitting = all.filter(({ order }) => fits(order));
      const chosen = all.find(({ number }) => number === focus && chance(2)) ?? pick(chance(8) ? all : fitting);
      focus = chosen?.number;
      return chosen && { ...chosen, ...known.get(chosen.number)! };
    },

    has:
      (states: readonly LineState[]) =>
      ({ lines }: Order) =>
        lines.some(({ state }) => states.includes(state)),

    /** Some of the lines that fit, or just any; or none by name, where that is all. */
    someLines({ lines }: Order, fits: (place: number) => boolean, mayBeNone: boolean): number[] {
      const places = lines.map((_, place) => place);
      const fitting = places.filter(fits);
      if (mayBeNone && chance(3)) return [];
      if (fitting.length === 0 || chance(10)) return [pick(places)];
      const some = fitting.filter(() => chance(2));
      return some.length > 0 ? some : [pick(fitting)];
    },

    sellerOf: ({ lines }: Order, place: number) => shop().variants[lines[place]!.variant]!.seller,
    request: () => ({ requestId: randomUUID() }),
    asBuyer: (number: number) => bed.as(buyers[number]!),
    asSeller: (seller: number) => bed.as(sellerIds[seller]!, 'SELLER'),
  };
}
