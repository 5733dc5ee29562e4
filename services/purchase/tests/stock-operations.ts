// What sellers, buyers, payment and the clock do to the stock, at random; and what the model says of it.
import { randomUUID } from 'node:crypto';
import { InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import type { Random } from '@moa/testkit';
import { bed, MINUTE_MS, orderOf, won } from './checkout-support.js';
import { type Chosen, type Deed, openChoices } from './stock-choices.js';
import type { House } from './stock-house.js';
import { openLineOperations } from './stock-line-operations.js';
import type { Order, Part, Shop } from './stock-model.js';
import * as model from './stock-model.js';
import { chargeBack as chargeBackOf } from './stock-model-lines.js';

const DAY_MS = 86_400_000;
const AT_ONCE = 3;

export function openOperations(house: House, random: Random, shop: () => Shop) {
  const { peers, variants, buyers } = house;
  const choices = openChoices(house, random, shop);
  const { below, pick, chance, anOrder, request, asBuyer, asSeller } = choices;
  const lines = openLineOperations(house, choices);
  const done: Deed[] = [];

  function checkOut(): Deed {
    const buyer = buyers.push(randomUUID()) - 1;
    const wanted = [...new Set(Array.from({ length: 1 + below(3) }, () => below(variants.length)))].map((variant) => ({
      variant,
      pieces: 1 + below(2),
    }));
    const priced = wanted.map(({ variant, pieces }) => ({ ...variants[variant]!, pieces }));
    const total = BigInt(priced.reduce((sum, { priceMinor, pieces }) => sum + priceMinor * pieces, 0));
    const then = pick(['WAITING', 'WAITING', 'WAITING', 'WAITING', 'WAITING', 'PAID', 'POINTS_TOO_MANY'] as const);
    const order = orderOf([], {
      items: priced.map(({ variantId, pieces, priceMinor }) => ({ variantId, quantity: pieces, price: won(priceMinor) })),
      couponIds: then === 'WAITING' && chance(4) ? [randomUUID()] : [],
      pointsMinor: { WAITING: chance(3) ? 500n : 0n, PAID: total, POINTS_TOO_MANY: total + 1n }[then],
    });
    return {
      what: `order ${buyer} of ${wanted.map(({ variant, pieces }) => `${pieces} of ${variant}`).join(' and ')}, ${then}`,
      parts: model.checkOut(buyer, wanted, then),
      act: async () => house.clients().orders.checkout(order, await asBuyer(buyer)),
      isRequest: true,
      buyer,
      wanted,
    };
  }

  function setStock(): Deed {
    const place = below(variants.length);
    const { seller } = shop().variants[place]!;
    const [by, value] = chance(2) ? (['onHand', below(10)] as const) : (['delta', below(10) - 4] as const);
    const change = by === 'onHand' ? ({ $case: by, value } as const) : ({ $case: by, value: BigInt(value) } as const);
    const counted = { ...request(), variantId: variants[place]!.variantId, change };
    return {
      what: `stock of ${place}: ${by} ${value}`,
      parts: [model.setStock(place, value, by)],
      act: async () => house.clients().catalogue.setStock(counted, await asSeller(seller)),
      isRequest: true,
    };
  }

  /** Most often what is not for sale comes back first. */
  function setOnSale(): Deed {
    const paused = shop().variants.flatMap(({ isOnSale }, place) => (isOnSale ? [] : [place]));
    const place = pick(paused) ?? below(variants.length);
    const { isOnSale, seller } = shop().variants[place]!;
    const next = chance(6) ? isOnSale : !isOnSale;
    const asked = { ...request(), id: variants[place]!.productId };
    return {
      what: `${next ? 'publish' : 'pause'} ${place}`,
      parts: [model.setOnSale(place, next)],
      act: async () => house.clients().catalogue[next ? 'publishProduct' : 'pauseProduct'](asked, await asSeller(seller)),
      isRequest: true,
    };
  }

  /** An event of payment, told once or twice. */
  function event(
    what: string,
    { number, id }: Chosen,
    parts: readonly Part[],
    publish: (orderId: string, id: string) => Promise<void>,
  ): Deed {
    const times = chance(4) ? 2 : 1;
    return {
      what: `${what} order ${number}${times > 1 ? ', told twice' : ''}`,
      parts,
      act: () => house.tell(times, (eventId) => publish(id, eventId)),
    };
  }
  const waits = ({ stage }: Order) => stage === 'WAITING';

  function pay(): Deed | undefined {
    const chosen = anOrder(waits);
    return chosen && event('pay', chosen, [model.pay(chosen.number)], peers.pay);
  }

  function payUntold(): Deed | undefined {
    const chosen = anOrder(waits);
    if (!chosen || !waits(chosen.order)) return undefined;
    const { number, id } = chosen;
    const act = async () => void Object.assign(peers.payments.get(id)!, { state: InstantPayment_State.STATE_APPROVED });
    return { what: `pay order ${number}, and it is not told`, parts: [model.payUntold(number)], act, untold: number };
  }

  function endPayment(): Deed | undefined {
    const chosen = anOrder(waits);
    if (!chosen) return undefined;
    const [what, publish] = chance(2) ? (['expire', peers.expire] as const) : (['cancel at payment', peers.cancel] as const);
    return event(what, chosen, model.endPayment(chosen.number), publish);
  }

  /** Also before it is told that it was paid. */
  function chargeBack(): Deed | undefined {
    const isPaid = ({ stage, isPaidUntold }: Order) => stage === 'PAID' || (stage === 'WAITING' && isPaidUntold === true);
    const chosen = anOrder(isPaid);
    return chosen && isPaid(chosen.order) ? event('charge back', chosen, [chargeBackOf(chosen.number)], peers.chargeBack) : undefined;
  }

  /** What was not paid has ended at payment. It is told of some of them; of the others payment is asked. */
  async function pass(days: number): Promise<void> {
    const { STATE_AUTHENTICATING, STATE_EXPIRED } = InstantPayment_State;
    const ended = [...peers.payments].filter(([, { state }]) => state === STATE_AUTHENTICATING);
    for (const [, payment] of ended) payment.state = STATE_EXPIRED;
    // Jobs that come round seldom come round at the start.
    if (days > 0) await house.kill();
    bed.shiftClock(days * DAY_MS + 16 * MINUTE_MS);
    for (const [orderId] of ended.filter(() => chance(2))) await house.tell(1, (id) => peers.expire(orderId, id));
  }

  function shift(): Deed {
    const days = pick([0, 0, 8, 15]);
    // Answers are kept for 30 days.
    if (days > 0) done.length = 0;
    const what = days > 0 ? `${days} days later` : 'a quarter of an hour later';
    return { what, parts: [model.shift(days)], act: () => pass(days), isAlone: true };
  }

  function again(): Deed | undefined {
    const before = pick(done);
    return before && { what: `again: ${before.what}`, parts: [() => 'done'], act: before.act };
  }

  const kinds: readonly (readonly [number, () => Deed | undefined])[] = [
    ...([
      [9, checkOut],
      [4, setStock],
      [1, setOnSale],
    ] as const),
    ...([
      [6, pay],
      [1, payUntold],
      [2, endPayment],
      [1, chargeBack],
    ] as const),
    ...([
      [4, lines.cancel],
      [1, lines.cancelSold],
      [1, lines.prepare],
      [4, lines.send],
    ] as const),
    ...([
      [2, lines.confirmDelivery],
      [1, lines.complete],
      [3, lines.askReturn],
      [3, lines.decideReturn],
      [2, lines.refund],
    ] as const),
    ...([
      [1, shift],
      [2, again],
    ] as const),
  ];
  const operations = kinds.flatMap(([weight, kind]) => Array.from({ length: weight }, () => kind));
  const draw = (): Deed => pick(operations)() ?? checkOut();

  return {
    /** One, or several side by side. */
    next(): Deed[] {
      choices.refocus();
      const [first, ...more] = Array.from({ length: 1 + below(AT_ONCE) }, draw);
      return first!.isAlone ? [first!] : [first!, ...more.filter(({ isAlone }) => !isAlone)];
    },
    /** It was answered, and may come again. */
    remember(deed: Deed): void {
      if (deed.isRequest) done.push(deed);
    },
  };
}
