// Kills processes with SIGKILL while something is under way: at random moments, and at named points inside of the work.
import { setTimeout as sleep } from 'node:timers/promises';
import { printLine } from '../print.js';
import type { Random } from '../random.js';
import type { OwnStack } from '../stack.js';
import type { Journal } from './journal.js';
import type { ChaosOptions } from './options.js';

const LEAST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 900;
const LOOK_MS = 10;
/** A process that has not come by its point by then is killed where it is. */
const AT_POINT_WITHIN_MS = 6_000;

/** What people and the house are busy with. */
export type Phase = 'pledging' | 'closing' | 'refunds' | 'shopping' | 'sending';

const VICTIMS = {
  money: [
    { name: 'funding', weight: 4 },
    { name: 'payment', weight: 4 },
    { name: 'sandbox', weight: 2 },
    { name: 'nats', weight: 2 },
    { name: 'postgres', weight: 2 },
  ],
  commerce: [
    { name: 'purchase', weight: 5 },
    { name: 'coupon', weight: 3 },
    { name: 'user', weight: 3 },
    { name: 'payment', weight: 2 },
    { name: 'redis', weight: 1 },
    { name: 'nats', weight: 1 },
    { name: 'postgres', weight: 1 },
  ],
} as const;

/** Where a process dies by itself when it was started with the name: crashPoint in the code. */
const POINTS: Readonly<Record<string, Partial<Readonly<Record<Phase, readonly string[]>>>>> = {
  purchase: {
    shopping: [
      'purchase.stock.after',
      'purchase.coupons.after',
      'purchase.points.after',
      'purchase.payment.after',
      'purchase.payment.stored',
      'purchase.commit-coupons.after',
      'purchase.commit-points.after',
      'purchase.undo-payment.after',
      'purchase.undo-points.after',
      'consumer.committed',
      'relay.published',
    ],
    sending: ['relay.published', 'consumer.committed'],
  },
  coupon: {
    shopping: [
      'coupon.claim.entered',
      'coupon.claim.committed',
      'coupon.reserved',
      'coupon.committed',
      'coupon.released',
      'relay.published',
    ],
  },
  user: { shopping: ['relay.published', 'consumer.committed'], sending: ['relay.published', 'consumer.committed'] },
  funding: {
    pledging: ['funding.pledge.before', 'funding.pledge.committed', 'relay.published', 'consumer.committed'],
    closing: [
      'funding.close.decided',
      'funding.sweep.committed',
      'funding.charge.leased',
      'funding.charge.sent',
      'funding.charge.stored',
      'consumer.committed',
      'relay.published',
    ],
    refunds: ['funding.refund.canceled', 'relay.published', 'consumer.committed'],
  },
  payment: {
    pledging: ['payment.card.registered', 'payment.card.stored', 'relay.published'],
    closing: ['payment.charge.taken', 'payment.charge.sending', 'payment.provider.answered', 'payment.charge.settled', 'relay.published'],
    refunds: ['payment.refund.sending', 'payment.refund.answered', 'payment.refund.settled', 'relay.published'],
  },
};

/** The stack reads it at each start of a process. */
export type Environment = Record<string, Record<string, string>>;

export interface Killer {
  /** Until enough kills have landed, or it is told to stop. */
  run(): Promise<void>;
  enter(phase: Phase): void;
  /** Kills that came while an operation was under way. */
  landed(): number;
  stop(): void;
}

export function openKiller(
  stack: OwnStack,
  environment: Environment,
  journal: Journal,
  random: Random,
  { suite, kills: wanted }: ChaosOptions,
): Killer {
  const stopping = new AbortController();
  let phase: Phase = suite === 'money' ? 'pledging' : 'shopping';
  let landed = 0;

  const stateOf = (name: string) => stack.status().find((unit) => unit.name === name)?.state;
  const isOver = () => stopping.signal.aborted || landed >= wanted;
  const isUnderWay = () => journal.underWay() > 0 || journal.isAtWork();

  function count(what: string): void {
    landed++;
    const calls = journal.underWay();
    const during = calls > 0 ? `${calls} ${calls === 1 ? 'call' : 'calls'} under way` : `the house at work (${phase})`;
    printLine(`kill ${landed} of ${wanted}: ${what}, with ${during}`);
  }

  /** The supervisor starts it again, ever more slowly; the pause is cut short here. */
  async function backUp(name: string): Promise<void> {
    while (stateOf(name) !== 'up') {
      if (stateOf(name) === 'waiting') void stack.restart(name);
      await sleep(LOOK_MS);
    }
  }

  async function killOne(): Promise<void> {
    const { name } = random.pickWeighted<{ name: string; weight: number }>(VICTIMS[suite], ({ weight }) => weight);
    const points = POINTS[name]?.[phase];
    const point = points && random.next() < 0.5 ? random.pick(points) : undefined;
    if (stateOf(name) !== 'up' || !isUnderWay()) return;
    if (point) environment[name] = { MOA_CRASH_AT: point };
    count(name);
    await stack.kill(name);
    await backUp(name);
    if (point) await dieAt(name, point);
  }

  async function dieAt(name: string, point: string): Promise<void> {
    const deadline = performance.now() + AT_POINT_WITHIN_MS;
    while (stateOf(name) === 'up' && performance.now() < deadline && !isOver()) await sleep(LOOK_MS);
    delete environment[name];
    if (stateOf(name) !== 'up') count(`${name} at ${point}`);
    else await stack.kill(name);
    await backUp(name);
  }

  return {
    async run() {
      while (!isOver()) {
        await sleep(random.whole(LEAST_PAUSE_MS, MOST_PAUSE_MS));
        if (!isOver()) await killOne();
      }
    },
    enter(next) {
      phase = next;
    },
    landed: () => landed,
    stop: () => stopping.abort(),
  };
}
