// What a seller plans: the rules that span fields, and what is frozen when.
import { type FieldViolation, invalid } from '@moa/kit';
import { fail } from '../errors.js';
import { hasEnded, type Project } from './project.js';

const DAY_MS = 86_400_000;
export const LONGEST_DAYS = 60;
export const REWARDS_AT_MOST = 50;

export interface Plan {
  readonly currency: string;
  readonly goalMinor: bigint;
  readonly startTime: Date;
  readonly closeTime: Date;
}

export interface Price {
  readonly currency: string;
  readonly priceMinor: bigint;
}

export interface Reward {
  readonly id: string;
  readonly projectId: string;
  readonly title: string;
  readonly description: string;
  readonly priceMinor: bigint;
  /** Both null: as many as are wanted. */
  readonly stock: number | null;
  readonly remaining: number | null;
  /** 0: no limit. */
  readonly limitPerBacker: number;
  readonly deliveryMonth: string;
  readonly ships: boolean;
  /** Goes with an ordinary reward. */
  readonly addOn: boolean;
}

/** Throws with each field at fault. `rewardPath` names a reward's place in the request. */
export function checkPlan(plan: Plan, prices: readonly Price[], rewardPath = (index: number) => `rewards[${index}]`): void {
  const violations: FieldViolation[] = [];
  const refuse = (field: string, description: string) => violations.push({ field, description });
  if (plan.goalMinor <= 0n) refuse('project.goal.amount_minor', 'must be greater than 0');
  if (plan.closeTime <= plan.startTime) refuse('project.close_time', 'must be after start_time');
  if (plan.closeTime.getTime() - plan.startTime.getTime() > LONGEST_DAYS * DAY_MS) {
    refuse('project.close_time', `must be at most ${LONGEST_DAYS} days after start_time`);
  }
  prices.forEach(({ currency, priceMinor }, index) => {
    if (priceMinor <= 0n) refuse(`${rewardPath(index)}.price.amount_minor`, 'must be greater than 0');
    if (currency !== plan.currency) refuse(`${rewardPath(index)}.price.currency_code`, `must be ${plan.currency}, as the goal's`);
  });
  if (violations.length > 0) throw invalid(violations);
}

// Of a public project only what tells about it may change: people have pledged on the rest.
const OPEN_OF_PUBLIC = new Set(['summary', 'story', 'image_urls']);

/** Throws FIELD_FROZEN for a field that may not change any more. */
export function checkProjectFields(project: Project, fields: readonly string[], at: Date): void {
  if (hasEnded(project, at)) throw fail('PROJECT_ENDED');
  if (project.state === 'IN_REVIEW') throw fail('PROJECT_IN_REVIEW');
  const frozen = project.public && fields.find((field) => !OPEN_OF_PUBLIC.has(field));
  if (frozen) throw fail('FIELD_FROZEN', { field: frozen });
}

export function checkEtag(project: Project, etag: string): void {
  if (etag !== etagOf(project)) throw fail('ETAG_STALE');
}

export const etagOf = ({ revision }: Project): string => String(revision);

export function checkRewardAdded(project: Project, rewardCount: number, at: Date): void {
  if (hasEnded(project, at)) throw fail('PROJECT_ENDED');
  if (rewardCount >= REWARDS_AT_MOST) throw fail('REWARDS_TOO_MANY', { limit: REWARDS_AT_MOST });
}

// A backer has pledged at this price; and gave an address, or did not.
const FROZEN_OF_REWARD = new Set(['price', 'limit_per_backer', 'ships', 'add_on']);

/** What is left of a reward after its stock has changed. Throws for what may not change any more. */
export function reviseReward(
  project: Project,
  reward: Reward,
  fields: readonly string[],
  stock: number | null,
  at: Date,
): { stock: number | null; remaining: number | null } {
  if (hasEnded(project, at)) throw fail('PROJECT_ENDED');
  const frozen = project.public && fields.find((field) => FROZEN_OF_REWARD.has(field));
  if (frozen) throw fail('FIELD_FROZEN', { field: frozen });
  // Whether there is a stock is frozen, too: pledges of a reward without one are not counted down.
  if (project.public && (stock === null) !== (reward.stock === null)) throw fail('FIELD_FROZEN', { field: 'stock' });
  if (stock === null) return { stock, remaining: null };
  const taken = reward.stock === null ? 0 : reward.stock - reward.remaining!;
  if (stock < taken) throw fail('STOCK_BELOW_TAKEN', { taken });
  return { stock, remaining: stock - taken };
}
