// What funding and payment should do, in a few plain rules. Knows nothing of how they do it: amounts are whole won, time is whole hours since
// the beginning, and whatever is due happens at once.

const HOURS_OF_LATE_CANCEL = 24;
const HOURS_OF_RETRY = 24;
const MOST_MINOR = 1_000_000_000_000;

export interface Card {
  /** As the sandbox provider calls them. */
  readonly kind: string;
  readonly parameter: number;
  tries: number;
}

export interface Reward {
  readonly price: number;
  readonly stock: number | null;
  /** 0: none. */
  readonly limit: number;
  left: number;
}

export interface Project {
  state: 'LIVE' | 'CHARGING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  readonly keeps: boolean;
  readonly goal: number;
  /** Closes half an hour after this hour. */
  readonly closeHour: number;
  readonly retries: number;
  readonly rewards: Reward[];
  raised: number;
  count: number;
}

export interface Pledge {
  readonly backer: number;
  readonly project: number;
  state: 'ACTIVE' | 'PAID' | 'CANCELED' | 'PAYMENT_FAILED' | 'DROPPED' | 'REFUNDED' | 'RELEASED' | 'CHARGED_BACK';
  /** How many of each reward of the project. */
  lines: readonly number[];
  extra: number;
  total: number;
  card: Card;
  attempts: number;
  declines: number;
  dueHour: number | null;
  refunded: number;
  refunds: number;
  version: number;
}

export interface Model {
  hour: number;
  readonly projects: Project[];
  readonly pledges: Record<string, Pledge>;
}

/** What somebody does; `part` of a refund is in won, null for all that is left. */
export type Action =
  | {
      readonly does: 'pledge';
      readonly key: string;
      readonly backer: number;
      readonly project: number;
      readonly wants: Wants;
      readonly card: Card;
    }
  | { readonly does: 'change'; readonly pledge: string; readonly wants: Wants; readonly card: Card | null }
  | { readonly does: 'cancel'; readonly pledge: string }
  | { readonly does: 'end'; readonly project: number }
  | { readonly does: 'undo'; readonly project: number }
  | { readonly does: 'refund'; readonly pledge: string; readonly part: number | null }
  | { readonly does: 'chargeback'; readonly pledge: string };

export interface Wants {
  readonly lines: readonly number[];
  readonly extra: number;
}

const isOpen = ({ hour }: Model, project: Project) => project.state === 'LIVE' && project.closeHour >= hour;
const costOf = (project: Project, { lines, extra }: Wants) =>
  lines.reduce((sum, count, n) => sum + count * project.rewards[n]!.price, extra);
const wasPaid = ({ state }: Pledge) => state === 'PAID' || state === 'REFUNDED' || state === 'CHARGED_BACK';
/** What is left of the money that came. */
export const heldOf = (pledge: Pledge) => (pledge.state === 'PAID' ? pledge.total - pledge.refunded : 0);
export const cameOf = (pledge: Pledge) => (wasPaid(pledge) ? pledge.total : 0);

/** Does it, and gives an empty list; or changes nothing, and gives every reason for which it may be refused. */
export function act(model: Model, action: Action): string[] {
  switch (action.does) {
    case 'pledge':
      return place(model, action);
    case 'change':
      return change(model, action);
    case 'cancel':
      return cancel(model, action.pledge);
    case 'end':
      return end(model, model.projects[action.project]!);
    case 'undo':
      return undo(model.projects[action.project]!);
    case 'refund':
      return refund(model.pledges[action.pledge]!, action.part);
    case 'chargeback':
      return chargeBack(model.pledges[action.pledge]!);
  }
}

function place(model: Model, { key, backer, project: place, wants, card }: Extract<Action, { does: 'pledge' }>): string[] {
  const project = model.projects[place]!;
  const total = costOf(project, wants);
  const reasons = [...refusalsOf(model, backer, place, wants, undefined), ...(isOpen(model, project) ? [] : ['PROJECT_CLOSED'])];
  if (reasons.length > 0) return reasons;
  take(project, wants.lines, 1);
  project.raised += total;
  project.count += 1;
  model.pledges[key] = {
    backer,
    project: place,
    state: 'ACTIVE',
    lines: wants.lines,
    extra: wants.extra,
    total,
    card: { ...card },
    attempts: 0,
    declines: 0,
    dueHour: null,
    refunded: 0,
    refunds: 0,
    version: 1,
  };
  return [];
}

function change(model: Model, { pledge: key, wants, card }: Extract<Action, { does: 'change' }>): string[] {
  const pledge = model.pledges[key]!;
  const project = model.projects[pledge.project]!;
  if (pledge.state === 'PAYMENT_FAILED') {
    const isSame = wants.extra === pledge.extra && String(wants.lines) === String(pledge.lines);
    if (!isSame) return ['PLEDGE_NOT_ACTIVE'];
  } else {
    const total = costOf(project, wants);
    const reasons = [...whyNotActive(model, pledge, total - pledge.total)];
    if (pledge.state === 'ACTIVE') reasons.push(...refusalsOf(model, pledge.backer, pledge.project, wants, key));
    if (reasons.length > 0) return reasons;
    take(project, pledge.lines, -1);
    take(project, wants.lines, 1);
    project.raised += total - pledge.total;
    Object.assign(pledge, { ...wants, total });
  }
  if (card) pledge.card = { ...card };
  pledge.version += 1;
  return [];
}

function cancel(model: Model, key: string): string[] {
  const pledge = model.pledges[key]!;
  const project = model.projects[pledge.project]!;
  const reasons = whyNotActive(model, pledge, -pledge.total);
  if (reasons.length > 0) return reasons;
  take(project, pledge.lines, -1);
  project.raised -= pledge.total;
  project.count -= 1;
  pledge.state = 'CANCELED';
  pledge.version += 1;
  return [];
}

// Whether a pledge's project has ended is told by the project as long as nobody has come round to the pledge.
function whyNotActive(model: Model, { state, project: place }: Pledge, change: number): string[] {
  const project = model.projects[place]!;
  if (state !== 'ACTIVE') return ['PLEDGE_NOT_ACTIVE', ...(state === 'CANCELED' ? [] : ['PROJECT_CLOSED'])];
  if (!isOpen(model, project)) return ['PROJECT_CLOSED', 'PLEDGE_NOT_ACTIVE'];
  const isLate = project.closeHour - model.hour < HOURS_OF_LATE_CANCEL;
  return isLate && project.raised >= project.goal && project.raised + change < project.goal ? ['GOAL_WOULD_BE_LOST'] : [];
}

function refusalsOf(model: Model, backer: number, place: number, wants: Wants, own: string | undefined): string[] {
  const project = model.projects[place]!;
  const held = own === undefined ? undefined : model.pledges[own];
  const reasons: string[] = [];
  project.rewards.forEach((reward, n) => {
    const wanted = wants.lines[n]!;
    if (wanted === 0) return;
    if (reward.stock !== null && wanted - (held?.lines[n] ?? 0) > reward.left) reasons.push('REWARD_SOLD_OUT');
    const others = Object.entries(model.pledges)
      .filter(([key, pledge]) => key !== own && pledge.backer === backer && pledge.project === place && pledge.state === 'ACTIVE')
      .reduce((sum, [, { lines }]) => sum + lines[n]!, 0);
    if (reward.limit > 0 && wanted + others > reward.limit) reasons.push('REWARD_LIMIT_REACHED');
  });
  const total = costOf(project, wants);
  if (total === 0) reasons.push('PLEDGE_EMPTY');
  if (total > MOST_MINOR) reasons.push('PLEDGE_TOO_LARGE');
  return reasons;
}

const take = (project: Project, lines: readonly number[], sign: 1 | -1) =>
  lines.forEach((count, n) => {
    project.rewards[n]!.left -= sign * count;
  });

function end(model: Model, project: Project): string[] {
  if (!isOpen(model, project)) return ['PROJECT_ENDED'];
  project.state = 'CANCELED';
  return [];
}

function undo(project: Project): string[] {
  if (project.state !== 'CHARGING' && project.state !== 'SUCCEEDED') return ['PROJECT_NOT_FUNDED'];
  project.state = 'CANCELED';
  return [];
}

function refund(pledge: Pledge, part: number | null): string[] {
  // What the bank has taken back may not have been told yet.
  if (pledge.state === 'CHARGED_BACK') return ['PLEDGE_NOT_PAID', 'PAYMENT_CHARGED_BACK', 'REFUND_REFUSED', 'REFUND_TOO_LARGE'];
  if (pledge.state !== 'PAID' && pledge.state !== 'REFUNDED') return ['PLEDGE_NOT_PAID'];
  const left = heldOf(pledge);
  if (part !== null && part > left) return ['REFUND_TOO_LARGE'];
  if (left === 0) return [];
  pledge.refunded += part ?? left;
  pledge.refunds += 1;
  pledge.version += 1;
  if (pledge.refunded === pledge.total) pledge.state = 'REFUNDED';
  return [];
}

function chargeBack(pledge: Pledge): string[] {
  if (heldOf(pledge) === 0) return ['charge_not_paid'];
  pledge.state = 'CHARGED_BACK';
  pledge.version += 1;
  return [];
}

/** Everything that is due at this hour happens: closes, charges, retries, releases. */
export function work(model: Model): void {
  for (const [place, project] of model.projects.entries()) {
    const pledges = Object.values(model.pledges).filter((pledge) => pledge.project === place);
    const active = pledges.filter(({ state }) => state === 'ACTIVE');
    if (project.state === 'LIVE' && project.closeHour < model.hour) {
      const isSuccess = project.raised >= project.goal || (project.keeps && project.raised > 0);
      project.state = isSuccess ? 'CHARGING' : 'FAILED';
    }
    if (project.state === 'FAILED' || project.state === 'CANCELED') for (const pledge of active) release(project, pledge);
    if (project.state === 'CANCELED') for (const pledge of pledges) giveUp(project, pledge);
    if (project.state !== 'CHARGING') continue;
    for (const pledge of active) charge(model, project, pledge);
    for (const pledge of pledges) {
      if (pledge.dueHour !== null && pledge.dueHour <= model.hour) charge(model, project, pledge);
    }
    if (pledges.every(({ dueHour }) => dueHour === null)) project.state = 'SUCCEEDED';
  }
}

// After its success: what was paid goes back, and what was not is let go.
function giveUp(project: Project, pledge: Pledge): void {
  if (pledge.state === 'PAYMENT_FAILED') release(project, pledge);
  if (pledge.state === 'PAID') refund(pledge, null);
}

function release(project: Project, pledge: Pledge): void {
  take(project, pledge.lines, -1);
  pledge.state = 'RELEASED';
  pledge.dueHour = null;
  pledge.version += 1;
}

function charge({ hour }: Model, project: Project, pledge: Pledge): void {
  const { card } = pledge;
  const isDeclined = card.kind === 'DECLINE' || (card.kind === 'DECLINE_FIRST' && card.tries < card.parameter);
  card.tries += 1;
  pledge.attempts += 1;
  // It is charging, and then it is not.
  pledge.version += 2;
  pledge.declines += Number(isDeclined);
  const isLast = pledge.attempts > project.retries;
  pledge.dueHour = isDeclined && !isLast ? hour + HOURS_OF_RETRY : null;
  pledge.state = isDeclined ? (isLast ? 'DROPPED' : 'PAYMENT_FAILED') : 'PAID';
}

/** Whether anything is still to come of it. */
export const hasEnded = ({ projects }: Model): boolean => projects.every(({ state }) => state !== 'LIVE' && state !== 'CHARGING');
