// Random operations of sellers, buyers, staff, payment and the clock against the real service, several of them side by side, while it is killed now
// and then, also between a commit and its answer: after each of them there is what a plain model says. SEED=<number> STEPS=<number> does it again, or
// for longer.
import { isDeepStrictEqual } from 'node:util';
import { randomOf } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bed, closeBed } from './checkout-support.js';
import { type Done, explain } from './explanations.js';
import type { Deed } from './stock-choices.js';
import { LEFT_BEHIND_MS, openShop } from './stock-house.js';
import { checkOutInVain, expire, findPaid, holdersOfLast, type Part, type Shop } from './stock-model.js';
import { openOperations } from './stock-operations.js';
import { type Shown, show } from './stock-shown.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const steps = Number(process.env['STEPS'] ?? 40);
/** One in so many steps kills the service, wherever it is. */
const KILL_EVERY = 15;
/** The seller of each variant. */
const SELLERS = [0, 0, 1, 1];
const STOCK = 3;

const random = randomOf(seed);
const house = await openShop(randomOf(seed + 1), SELLERS, STOCK);
/** Whatever the shop may be like by now. */
let shops: Shop[] = [
  {
    day: 0,
    variants: SELLERS.map((seller) => ({ seller, onShelf: STOCK, held: 0, sold: 0, isOnSale: true, told: [], back: [] })),
    orders: {},
  },
];
const operations = openOperations(house, random, () => shops[0]!);
const log: string[] = [];

/** What the caller is told in the end, and how often a call died before. */
async function answerOf({ act, buyer }: Deed, goes: boolean): Promise<{ answer: string; died: number }> {
  let died = 0;
  const answer = await house.until(async () => {
    // A buyer whose call died has gone: then the checkout comes to something, or to nothing, by itself.
    if (goes && died > 0) return house.restOf(buyer!);
    return house.ask(act).catch((error) => {
      died++;
      if (goes) bed.shiftClock(LEFT_BEHIND_MS);
      throw error;
    });
  });
  return { answer, died };
}

async function carryOut(deeds: readonly Deed[]): Promise<void> {
  const before = house.deaths();
  const isKilled = random.below(KILL_EVERY) === 0;
  log.push(`${deeds.map(({ what }) => what).join(' | ')}${isKilled ? ' (killed)' : ''}`);
  const answers = deeds.map((deed) => answerOf(deed, deed.buyer !== undefined && random.below(3) === 0));
  if (isKilled) await Promise.race(answers).then(house.kill);
  const told = await Promise.all(answers);
  log[log.length - 1] += `: ${told.map(({ answer }) => answer).join(' | ')}${house.deaths() > before ? ' (died)' : ''}`;
  const done = deeds.map(({ parts }, n): Done => ({ parts: told[n]!.answer === 'gone' ? [() => 'gone'] : parts, answer: told[n]!.answer }));
  const inVain = deeds.flatMap((deed, n) => begunInVain(deed, told[n]!.died));
  // Of what the clock ends, any may be the first.
  const ended = deeds.some(({ isAlone }) => isAlone) ? [...new Set(shops.flatMap(holdersOfLast))].map((number) => [expire(number)]) : [];
  shops = explain(shops, done, [...foundPaid(deeds), ...inVain, ...ended]);
  assert.ok(shops.length > 0, 'nothing explains these answers');
  for (const [n, deed] of deeds.entries()) if (told[n]!.answer === 'done') operations.remember(deed);
}

/** A checkout may have been begun each time its call died. */
const begunInVain = ({ buyer, wanted }: Deed, died: number): (readonly Part[])[] =>
  wanted ? Array.from({ length: Math.min(died, 2) }, (_, time) => checkOutInVain(`${buyer} in vain ${time}`, wanted)) : [];

/** What was paid and not told yet may have been found meanwhile. */
function foundPaid(deeds: readonly Deed[]): Part[][] {
  const orders = shops.flatMap((shop) =>
    Object.entries(shop.orders).filter(([, { stage, isPaidUntold }]) => stage === 'WAITING' && isPaidUntold),
  );
  const untold = new Set([...orders.map(([number]) => Number(number)), ...deeds.flatMap((deed) => deed.untold ?? [])]);
  return [...untold].map((number) => [findPaid(number)]);
}

async function compare(): Promise<void> {
  await house.checkShelves();
  let there: Shown | undefined;
  const fitting = () => shops.filter((shop) => isDeepStrictEqual(show(shop), there));
  await house
    .until(async () => {
      there = await house.look();
      return fitting().length > 0;
    })
    .catch((error) => {
      if (error.cause) throw error;
      throw new Error(`it is not as the model says:\n  ${differences(show(shops[0]!), there!).join('\n  ')}`);
    });
  shops = fitting();
}

const differences = (said: Shown, there: Shown): string[] =>
  (['variants', 'orders', 'leftBehind'] as const).flatMap((kind) => {
    const [one, other]: readonly Record<string, unknown>[] = [{ ...said[kind] }, { ...there[kind] }];
    const names = Object.keys({ ...one, ...other }).filter((name) => !isDeepStrictEqual(one![name], other![name]));
    return names.map((name) => `${kind} ${name}: ${JSON.stringify(other![name])}, not ${JSON.stringify(one![name])}`);
  });

test(`whatever happens, there is the stock that the model says (seed ${seed})`, async () => {
  try {
    for (let step = 0; step < steps; step++) {
      await carryOut(operations.next());
      await compare();
    }
    await house.checkGivenBack();
    await compare();
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${message}${cause ? ` (${cause})` : ''}\n  ${log.slice(-30).join('\n  ')}\n  Again: SEED=${seed} STEPS=${steps}`, {
      cause: error,
    });
  }
  console.log(`» ${steps} steps, ${house.buyers.length} checkouts, ${house.deaths()} kills; seed ${seed}`);
});

test.after(() => closeBed(house.peers.stop));
test.run();
