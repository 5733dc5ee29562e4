// Random operations of staff, buyers, orders and the clock against the real service, which is killed now and then, also between a commit and its
// answer: after each of them every person has what a plain model says. SEED=<number> STEPS=<number> does it again, or for longer.
import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { OrderCompleted, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { randomOf, until } from '@moa/testkit';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openModel, type Person } from './points-model.js';
import { completedOrder, DAY_MS, openPoints, returnedOrder } from './points-support.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const steps = Number(process.env['STEPS'] ?? 40);
/** One in so many steps kills the service. */
const KILL_EVERY = 12;
const PEOPLE = 3;

const house = await openPoints('points-model');
const { bed, events, told, rows } = house;
const model = openModel();
const begunMs = bed.now().getTime();
const people = await Promise.all(Array.from({ length: PEOPLE }, async () => ({ real: await house.person(), said: model.person() })));
const marker = await house.person();
const lines: { readonly id: string; readonly owner: (typeof people)[number]; readonly paid: bigint }[] = [];
const holders: {
  readonly id: string;
  readonly owner: (typeof people)[number];
  readonly amount: bigint;
  readonly day: number | undefined;
}[] = [];
const returns: { readonly holder: string; readonly request: string; readonly amount: bigint }[] = [];
const log: string[] = [];
let unique = 0;
let marked = 0;
let kills = 0;

const { below: random, pick } = randomOf(seed);
/** Noon of a day from now on, and no two at the same time. */
const noonIn = (days: number) => model.today() + days + 0.5;
const timeOf = (day: number) => new Date(begunMs + day * DAY_MS + unique++);

/** Something that is done to the service, and what the model says of it. */
interface Step {
  readonly what: string;
  readonly expected: string;
  readonly act: () => Promise<unknown>;
  readonly byEvent?: true;
  /** Not done twice: the service that is killed never hears of it. */
  readonly once?: true;
}

const operations: readonly (() => Step)[] = [
  ...[grant, grant, grant, earn, earn, earn, clawBack, clawBack, hold, hold, hold, hold, hold, hold],
  ...[capture, capture, capture, release, giveBack, giveBack, giveBack, shift, shift, close],
];

function grant(): Step {
  const { real, said } = pick(people);
  const [amount, day, request] = [BigInt(1 + random(1_000)), noonIn(1 + random(120)), randomUUID()];
  const time = timeOf(day);
  return {
    what: `grant ${nameOf(said)} ${amount} until day ${day}`,
    expected: model.grant(said, amount, day),
    act: () => house.grant(real, amount, time, request),
  };
}

function earn(): Step {
  // Now and then a line that was heard of before.
  const line = (random(4) === 0 && pick(lines)) || { id: randomUUID(), owner: pick(people), paid: BigInt(random(60_000)) };
  if (!lines.includes(line)) lines.push(line);
  const order = completedOrder(line.owner.real.id, [{ lineId: line.id, paidMinor: line.paid }]);
  return {
    what: `earn ${nameOf(line.owner.said)} by line ${lines.indexOf(line)}, paid ${line.paid}`,
    expected: model.earn(line.owner.said, line.id, line.paid / 100n),
    act: () => events.publish(OrderCompleted, order, { id: order.orderId }),
    byEvent: true,
  };
}

function clawBack(): Step {
  const line = (random(4) > 0 && pick(lines)) || { id: randomUUID(), owner: pick(people), paid: BigInt(random(60_000)) };
  if (!lines.includes(line)) lines.push(line);
  const order = returnedOrder(line.owner.real.id, [{ lineId: line.id, paidMinor: line.paid, completed: true }]);
  return {
    what: `claw back from ${nameOf(line.owner.said)} line ${lines.indexOf(line)}`,
    expected: model.clawBack(line.owner.said, line.id),
    act: () => events.publish(OrderReturned, order, { id: order.orderId }),
    byEvent: true,
  };
}

function hold(): Step {
  const old = random(6) === 0 ? pick(holders) : undefined;
  const owner = old && random(3) > 0 ? old.owner : pick(people);
  const amount = old && random(3) > 0 ? old.amount : BigInt(1 + random(300));
  // One whose time is over would be released as soon as it was made.
  const day =
    old && (old.day ?? Number.POSITIVE_INFINITY) > model.today()
      ? old.day
      : random(2) === 0
        ? undefined
        : noonIn(random(20)) + unique++ / 1e9;
  const holder = old ?? { id: randomUUID(), owner, amount, day };
  if (!old) holders.push(holder);
  const time = day === undefined ? undefined : new Date(begunMs + Math.round(day * DAY_MS));
  return {
    what: `hold ${amount} of ${nameOf(owner.said)} for holder ${holders.indexOf(holder)} until ${day}`,
    expected: model.hold(owner.said, holder.id, amount, day),
    act: () => house.hold(owner.real, amount, holder.id, time),
  };
}

function anyHolder(): string {
  if (random(8) > 0 && holders.length > 0) return pick(holders).id;
  const holder = { id: randomUUID(), owner: pick(people), amount: 1n, day: undefined };
  holders.push(holder);
  return holder.id;
}
const numberOf = (holder: string) => holders.findIndex(({ id }) => id === holder);

function capture(): Step {
  const holder = anyHolder();
  return {
    what: `capture holder ${numberOf(holder)}`,
    expected: model.capture(holder),
    act: async () => `spent ${await house.capture(holder)}`,
  };
}

function release(): Step {
  const holder = anyHolder();
  return { what: `release holder ${numberOf(holder)}`, expected: model.release(holder), act: () => house.release(holder) };
}

function giveBack(): Step {
  const again = random(5) === 0 ? pick(returns) : undefined;
  const { holder, request, amount } = again ?? { holder: anyHolder(), request: randomUUID(), amount: BigInt(1 + random(150)) };
  if (!again) returns.push({ holder, request, amount });
  return {
    what: `give back ${amount} to holder ${numberOf(holder)}`,
    expected: model.giveBack(holder, request, amount),
    act: () => house.giveBack(holder, amount, request),
  };
}

function shift(): Step {
  const days = 1 + random(40);
  model.shift(days);
  return { what: `${days} days later`, expected: 'done', act: async () => bed.shiftClock(days * DAY_MS), once: true };
}

function close(): Step {
  // Seldom, and never the first: somebody must be left.
  const { real, said } = people[1 + random(PEOPLE - 1)]!;
  if (random(15) > 0) return grant();
  const call = () => JSON.stringify({ at: bed.now().toISOString() });
  return {
    what: `close the account of ${nameOf(said)}`,
    expected: model.close(said),
    act: () => rows('SELECT forfeit_points($1::jsonb, $2::uuid)', [call(), real.id]),
  };
}

const nameOf = (person: Person) => `person ${people.findIndex(({ said }) => said === person)}`;

/** What the caller is told. */
const outcomeOf = (act: () => Promise<unknown>): Promise<string> =>
  act().then(
    (answer) => (typeof answer === 'string' && answer.startsWith('spent') ? answer : 'done'),
    (error) => (error.code === status.UNAVAILABLE || error.code === status.CANCELLED ? 'killed' : error.details || error.message),
  );

async function carryOut({ what, expected, act, byEvent, once }: Step): Promise<void> {
  const isKilled = random(KILL_EVERY) === 0;
  log.push(`${what}: ${expected}${isKilled ? ' (killed)' : ''}`);
  if (isKilled) {
    kills++;
    // Killed when it has committed and has not answered; what changes nothing in the database is killed between two steps.
    const dying = await house.restart(byEvent ? 'consumer.committed' : 'points.committed');
    if (!once) await outcomeOf(act);
    dying.kill();
    await dying.ended;
    await house.restart();
  }
  assert.is(await outcomeOf(act), expected, what);
  if (byEvent) {
    await events.publish(OrderCompleted, completedOrder(marker.id, [{ lineId: randomUUID(), paidMinor: 100n }]));
    marked++;
    await until(async () => (await house.entriesOf(marker)).filter((entry) => entry === 'EARNED 1').length === marked);
  }
}

async function look({ real }: (typeof people)[number]) {
  const { availableMinor, heldMinor, owedMinor } = await house.balanceOf(real);
  return {
    available: availableMinor,
    held: heldMinor,
    owed: owedMinor,
    lots: await house.lotsOf(real),
    entries: await house.entriesOf(real),
  };
}

async function compare(): Promise<void> {
  for (const person of people) {
    const expected = model.shows(person.said);
    const seen = () => look(person);
    await until(async () => text(await seen()) === text(expected)).catch(async () =>
      assert.equal(await seen(), expected, `${nameOf(person.said)} is not as the model says`),
    );
    const { entries, available, held } = expected;
    const total = entries.reduce((sum, entry) => sum + BigInt(entry.split(' ')[1]!), 0n);
    assert.is(total, available + held);
    assert.is(
      expected.lots.reduce((sum, left) => sum + left, 0n),
      available,
    );
  }
}
const text = (value: unknown) => JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? `${field}` : field));

test(`whatever happens, everybody has what the model says (seed ${seed})`, async () => {
  await house.restart();
  try {
    for (let step = 0; step < steps; step++) {
      await carryOut(pick(operations)());
      await compare();
    }
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\n  ${log.slice(-30).join('\n  ')}\n${(error as { details?: string }).details ?? ''}\n  Again: SEED=${seed} STEPS=${steps}`,
      {
        cause: error,
      },
    );
  }
  await house.checkSums();
  console.log(`» ${steps} steps, ${kills} kills, ${told.length} changes told; seed ${seed}`);
});

test.after(house.close);
test.run();
