// What people do in a round, each of them one thing after the other, all of them at once; and what they were told, into the journal.
import { randomUUID } from 'node:crypto';
import { Pledge_State } from '@moa/contracts/funding/v1/pledge';
import { behaviourKinds, testCard } from '@moa/sandbox-provider';
import { atOnce } from '../at-once.js';
import { leaveCard } from '../chapters/backers.js';
import { krw } from '../money.js';
import type { Person } from '../people.js';
import type { Random } from '../random.js';
import type { Stage } from '../stage.js';
import type { Journal } from './journal.js';
import type { OpenProject } from './projects.js';

const MOVES = 5;
const TAPS_TWICE = 0.3;
const MOST_OF_EACH = 2;
const EXTRA = 1_000;
const REFUNDS_A_ROUND = 4;
const PART_OF = 3n;
/** Plain and declined once are the most common; what parameter a card takes is in tenths of a second, or how often. */
const CARD_KINDS = behaviourKinds.filter((kind) => kind !== 'REFUSED_AT_REGISTRATION');
const newCard = (random: Random) => testCard(random.next() < 0.4 ? 'PLAIN' : random.pick(CARD_KINDS), 1);

export interface Crowd {
  readonly stage: Stage;
  readonly journal: Journal;
  readonly random: Random;
  readonly backers: readonly Person[];
  readonly admin: Person;
}

interface Mine {
  readonly project: OpenProject;
  readonly id: string;
}

/** Backers pledge, change their minds and tap twice, while one seller gives up. What each of them holds then. */
export async function pledgeAndThinkAgain(crowd: Crowd, projects: readonly OpenProject[]): Promise<Map<Person, Mine[]>> {
  const { backers, journal } = crowd;
  const given = projects.at(-1)!;
  const held = new Map<Person, Mine[]>();
  // What each will want is drawn before they begin: what they get is up to the race.
  const plans = backers.map((person) => ({ person, random: crowd.random.fork() }));
  const pledging = atOnce(backers.length, plans, async ({ person, random }) => {
    const mine: Mine[] = [];
    held.set(person, mine);
    const card = await journal.ask(() => leaveCard(crowd.stage, person, newCard(random)));
    if (typeof card === 'string') return;
    for (let move = 0; move < MOVES; move++) {
      const [project, wants, twice] = [random.pick(projects), wantsOf(random), random.next() < TAPS_TWICE];
      const [which, what] = [random.next(), random.next()];
      const chosen = mine[Math.floor(which * mine.length)];
      if (chosen === undefined || what < 0.5) await pledge(crowd, person, project, wants, card.answer, twice, mine);
      else if (what < 0.8) await change(crowd, person, chosen, wants, twice);
      else await cancel(crowd, person, chosen, twice);
    }
  });
  const givingUp = journal.ask(() => given.seller.moa.projects.cancelProject({ id: given.id, reason: '사정이 생겨 접습니다.' }));
  await Promise.all([pledging, givingUp]);
  return held;
}

interface Wants {
  readonly counts: readonly number[];
  readonly extra: number;
}

function wantsOf(random: Random): Wants {
  const counts = [random.whole(0, MOST_OF_EACH), random.whole(0, MOST_OF_EACH)];
  return { counts, extra: random.whole(counts.some((count) => count > 0) ? 0 : 1, 3) * EXTRA };
}

const orderOf = ({ rewards }: OpenProject, { counts, extra }: Wants) => ({
  lines: rewards.flatMap(({ id: rewardId }, n) => (counts[n] ? [{ rewardId, quantity: counts[n] }] : [])),
  ...(extra > 0 ? { extra: krw(extra) } : {}),
});

const costOf = ({ rewards }: OpenProject, { counts, extra }: Wants) =>
  BigInt(rewards.reduce((sum, { price }, n) => sum + price * counts[n]!, extra));

/** One request, sent once or twice side by side: the first answer counts, and the second must be the same. */
async function tap<R extends { pledge?: { id: string } | undefined }>(
  twice: boolean,
  call: (requestId: string) => Promise<R>,
): Promise<string> {
  const requestId = randomUUID();
  const answers = await Promise.allSettled(Array.from({ length: twice ? 2 : 1 }, () => call(requestId)));
  const ids = new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.pledge!.id] : [])));
  if (ids.size > 1) throw new Error(`one request was answered with ${[...ids].join(' and ')}`);
  const [id] = ids;
  if (id === undefined) throw (answers[0] as PromiseRejectedResult).reason;
  return id;
}

async function pledge(
  { stage, journal }: Crowd,
  person: Person,
  project: OpenProject,
  wants: Wants,
  billingMethodId: string,
  twice: boolean,
  mine: Mine[],
): Promise<void> {
  const address = { recipient: '김모아', phone: '010-0000-0000', postalCode: '04524', line1: '서울시 중구 세종대로 110', line2: '' };
  const order = { projectId: project.id, ...orderOf(project, wants), billingMethodId, address };
  const asked = await journal.ask(() =>
    tap(twice, (requestId) => stage.whileRefused('BILLING_METHOD_UNKNOWN', () => person.moa.pledges.createPledge({ requestId, ...order }))),
  );
  if (typeof asked === 'string') return;
  journal.pledged(asked.answer, costOf(project, wants));
  mine.push({ project, id: asked.answer });
}

async function change({ journal }: Crowd, person: Person, { project, id }: Mine, wants: Wants, twice: boolean): Promise<void> {
  const asked = await journal.ask(() =>
    tap(twice, (requestId) => person.moa.pledges.changePledge({ requestId, id, ...orderOf(project, wants) })),
  );
  if (asked !== 'refused') journal.told(id, 'totals', costOf(project, wants), typeof asked === 'string' ? asked : 'answered');
}

async function cancel({ journal }: Crowd, person: Person, { id }: Mine, twice: boolean): Promise<void> {
  const asked = await journal.ask(() => tap(twice, (requestId) => person.moa.pledges.cancelPledge({ requestId, id })));
  if (asked !== 'refused') journal.told(id, 'canceled', true, typeof asked === 'string' ? asked : 'answered');
}

/** Who was told that a card was refused brings another; half of them. */
export async function bringNewCards({ stage, journal, random, backers }: Crowd, held: ReadonlyMap<Person, readonly Mine[]>): Promise<void> {
  const told = [...held].flatMap(([person, mine]) => mine.map(({ id }) => ({ person, id, comes: random.next() < 0.5 })));
  await atOnce(
    backers.length,
    told.filter(({ comes }) => comes),
    async ({ person, id }) => {
      const { pledge: found } = await person.moa.pledges.getPledge({ id });
      if (found?.state !== Pledge_State.STATE_PAYMENT_FAILED) return;
      const card = await journal.ask(() => leaveCard(stage, person, testCard('PLAIN')));
      if (typeof card === 'string') return;
      const order = { id, lines: found.lines, ...(found.extra ? { extra: found.extra } : {}), billingMethodId: card.answer };
      await journal.ask(() => stage.whileRefused('BILLING_METHOD_UNKNOWN', () => person.moa.pledges.changePledge(order)));
    },
  );
}

/** Staff give some of it back: all of it or a part, each asked for twice. */
export async function giveSomeBack({ stage, journal, admin }: Crowd): Promise<void> {
  const paid = await stage.sql<{ id: string; total: string }>(
    'funding',
    `SELECT id, total_minor AS total FROM pledge WHERE state = 'PAID' AND refunded_minor = 0 AND id = ANY($1) ORDER BY id DESC LIMIT ${REFUNDS_A_ROUND}`,
    [[...journal.words.keys()]],
  );
  await atOnce(paid.length, paid, async ({ id, total }) => {
    const isPart = paid.findIndex((one) => one.id === id) % 2 === 1;
    const amount = isPart ? BigInt(total) / PART_OF : BigInt(total);
    const request = { id, reason: '배송 중 파손', ...(isPart ? { amount: krw(Number(amount)) } : {}) };
    const asked = await journal.ask(() => tap(true, (requestId) => admin.moa.pledges.refundPledge({ requestId, ...request })));
    if (asked !== 'refused') journal.told(id, 'refunded', amount, typeof asked === 'string' ? asked : 'answered');
  });
}
