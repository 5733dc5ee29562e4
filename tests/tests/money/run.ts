// One run: a plan is carried out step by step, and after each answer only those models are kept that explain it.
import { differences, expected, openBooks } from './books.js';
import { openCrowd } from './crowd.js';
import { type Done, explain, predictions } from './explanations.js';
import { type Action, type Card, hasEnded, type Model, type Pledge, work } from './model.js';
import type { Operation, Plan, Step } from './operations.js';
import type { Stand } from './stand.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** Every project has closed, and every card was tried for the last time. */
const DAYS_TO_THE_END = 6;

export interface Tally {
  runs: number;
  operations: number;
  done: number;
  looks: number;
}

interface Prepared {
  readonly action: Action;
  readonly backer: number;
  readonly twice: boolean;
}

/** Throws, with everything that was done, when something came of it that no model explains. */
export async function carryOut(stand: Stand, plan: Plan, tally: Tally): Promise<void> {
  const said: string[] = plan.projects.map((project, n) => `project ${n}: ${JSON.stringify(project)}`);
  tally.runs++;
  const crowd = await openCrowd(stand, plan.projects, stand.bed.now());
  const observe = openBooks(stand);
  let models: Model[] = [
    {
      hour: 0,
      pledges: {},
      projects: plan.projects.map(({ rewards, ...project }) => ({
        ...project,
        state: 'LIVE',
        raised: 0,
        count: 0,
        rewards: rewards.map((reward) => ({ ...reward, left: reward.stock ?? 0 })),
      })),
    },
  ];
  let pledgesMade = 0;

  function broken(why: string): Error {
    return new Error(`${why}\n  What was done:\n${said.map((line) => `    ${line}`).join('\n')}`);
  }

  /** What an operation means by now; nothing when there is no pledge yet. */
  function prepare(operation: Operation): Prepared[] {
    const twice = 'twice' in operation && operation.twice;
    if (operation.does === 'end' || operation.does === 'undo') {
      const { does, project } = operation;
      return [{ action: { does, project }, backer: 0, twice }];
    }
    if (operation.does === 'pledge') {
      const { backer, lines, extra, card } = operation;
      const project = openOne(models[0]!, operation.project);
      const key = `pledge ${++pledgesMade}`;
      crowd.belongs(key, project);
      return [{ action: { does: 'pledge', key, backer, project, wants: { lines, extra }, card: { ...card, tries: 0 } }, backer, twice }];
    }
    const found = pick(models[0]!, operation);
    if (!found) return [];
    const [pledge, { backer, lines, extra, total }] = found;
    switch (operation.does) {
      case 'change':
        return [
          { action: { does: 'change', pledge, wants: { lines: operation.lines, extra: operation.extra }, card: null }, backer, twice },
        ];
      case 'card':
        return [{ action: { does: 'change', pledge, wants: { lines, extra }, card: { ...operation.card, tries: 0 } }, backer, twice }];
      case 'cancel':
        return [{ action: { does: 'cancel', pledge }, backer, twice }];
      case 'refund': {
        const part = operation.percent === null ? null : Math.max(1, Math.floor((total * operation.percent) / 100));
        return [{ action: { does: 'refund', pledge, part }, backer, twice }];
      }
      case 'chargeback':
        return [{ action: { does: 'chargeback', pledge }, backer, twice }];
    }
  }

  async function doAll(operations: readonly Operation[], meanwhile?: () => void): Promise<void> {
    const prepared = operations.flatMap(prepare);
    await Promise.all(
      prepared.flatMap(({ action, backer }) => ('card' in action && action.card ? [crowd.bring(action.card, backer)] : [])),
    );
    meanwhile?.();
    const done = await Promise.all(prepared.map(({ action, backer, twice }) => crowd.perform(action, backer, twice)));
    tally.operations += done.length;
    tally.done += done.filter(({ outcome }) => outcome.done).length;
    said.push(...done.map((one, n) => `  ${n === 0 ? '' : '| '}${lineOf(one, prepared[n]!)}`));
    const isUndone = done.some(({ action, outcome }) => action.does === 'undo' && outcome.done);
    const after = explain(models, done, meanwhile !== undefined || isUndone);
    if (after.length === 0) {
      const wanted = done.map((one) => `    ${one.action.does}: ${predictions(models, one)}`).join('\n');
      throw broken(`Nothing explains these answers, taken one by one they should be:\n${wanted}`);
    }
    models = after;
    // What follows is no longer up to people: it is waited for, or too much would be possible.
    if (isUndone) await look();
  }

  async function look(): Promise<void> {
    await stand.untilQuiet().catch((error) => {
      throw broken(`It never comes to rest: ${(error as Error).message}`);
    });
    tally.looks++;
    for (const model of models) work(model);
    const found = await observe(crowd.names);
    const judged = models.map((model) => ({ model, wrong: differences(expected(model), found) }));
    const right = judged.filter(({ wrong }) => wrong.length === 0);
    if (right.length === 0) {
      const [nearest] = judged.toSorted((a, b) => a.wrong.length - b.wrong.length);
      throw broken(`Not as it should be:\n    ${nearest!.wrong.join('\n    ')}`);
    }
    models = right.map(({ model }) => model);
  }

  async function pass(hours: number, meanwhile: readonly Operation[]): Promise<void> {
    // What has not ended yet would end at an hour that no model knows.
    await look();
    said.push(`${hours} hours pass${meanwhile.length > 0 ? ', and meanwhile' : ''}`);
    await doAll(meanwhile, () => {
      stand.bed.shiftClock(hours * HOUR_MS);
      for (const model of models) model.hour += hours;
    });
    await look();
  }

  async function take(step: Step): Promise<void> {
    if (step.step === 'pass') return pass(step.hours, step.meanwhile);
    if (step.step === 'look') return look();
    said.push(step.operations.length > 1 ? 'at once' : 'alone');
    return doAll(step.operations);
  }

  for (const step of plan.steps) await take(step);
  for (let days = 0; days < DAYS_TO_THE_END && !models.every(hasEnded); days++) await pass(DAY_HOURS, []);
  await look();
  if (!models.every(hasEnded)) throw broken('It does not end');
}

/** One in so many is done to whatever there is, although it will be refused. */
const ANYTHING_EVERY = 8;
const WORTH_A_TRY: Readonly<Record<Extract<Operation, { pledge: number }>['does'], readonly Pledge['state'][]>> = {
  change: ['ACTIVE'],
  cancel: ['ACTIVE'],
  card: ['ACTIVE', 'PAYMENT_FAILED'],
  refund: ['PAID'],
  chargeback: ['PAID'],
};

function pick({ pledges }: Model, { does, pledge }: Extract<Operation, { pledge: number }>): [string, Pledge] | undefined {
  const all = Object.entries(pledges);
  const worth = all.filter(([, { state }]) => WORTH_A_TRY[does].includes(state));
  const among = worth.length === 0 || pledge % ANYTHING_EVERY === 0 ? all : worth;
  return among[pledge % among.length];
}

/** A project that is open, if there is one. */
function openOne({ projects }: Model, wanted: number): number {
  const open = projects.flatMap(({ state }, n) => (state === 'LIVE' ? [n] : []));
  return open.length === 0 ? wanted : open[wanted % open.length]!;
}

function lineOf({ action, outcome }: Done, { backer, twice }: Prepared): string {
  const how = outcome.done ? 'done' : outcome.reason;
  return `${textOf(action, backer)}${twice ? ', asked twice' : ''}: ${how}`;
}

function textOf(action: Action, backer: number): string {
  const onCard = (card: Card | null) => (card ? `, on a card ${card.kind}` : '');
  const wants = ({ lines, extra }: { lines: readonly number[]; extra: number }) => `${lines.join(' ')} and ${extra}`;
  switch (action.does) {
    case 'pledge':
      return `${action.key}: backer ${backer} takes ${wants(action.wants)} of project ${action.project}${onCard(action.card)}`;
    case 'change':
      return `${action.pledge} is changed to ${wants(action.wants)}${onCard(action.card)}`;
    case 'cancel':
      return `${action.pledge} is canceled`;
    case 'end':
      return `project ${action.project} is canceled by its seller`;
    case 'undo':
      return `project ${action.project} is given up after its success`;
    case 'refund':
      return `${action.pledge} is given back: ${action.part ?? 'all that is left'}`;
    case 'chargeback':
      return `the bank takes ${action.pledge} back`;
  }
}
