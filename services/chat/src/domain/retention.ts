// How long what was said is kept.
import { fail } from '../errors.js';
import type { Entry } from './entry.js';

/** Six months have 184 days at most: from March to August, and from July to December. */
export const FLOOR_DAYS = 184;
/** Three years: talk that becomes the record of a dispute is kept for so long. */
export const DEFAULT_DAYS = 1_095;
const DAY_MS = 86_400_000;

export interface Policy {
  /** Grows with each change; 0 before the first. */
  readonly version: number;
  readonly days: number;
  readonly projects: readonly ProjectDays[];
}

export interface ProjectDays {
  readonly projectId: string;
  readonly days: number;
}

export const DEFAULT_POLICY: Policy = { version: 0, days: DEFAULT_DAYS, projects: [] };

/** Refuses a policy that keeps anything for less than six months, or names a project twice. */
export function expectLawful({ days, projects }: Pick<Policy, 'days' | 'projects'>): void {
  if ([days, ...projects.map((project) => project.days)].some((each) => each < FLOOR_DAYS))
    throw fail('RETENTION_TOO_SHORT', { days: FLOOR_DAYS });
  if (new Set(projects.map(({ projectId }) => projectId)).size < projects.length) throw fail('PROJECT_TWICE');
}

// The floor again: it holds whatever stands in the store.
const atLeastFloor = (days: number): number => Math.max(days, FLOOR_DAYS);

/** When the content of an entry may go. */
export function dueTime({ days, projects }: Policy, { projectId, time }: Pick<Entry, 'projectId' | 'time'>): Date {
  const own = projects.find((project) => project.projectId === projectId);
  return new Date(time.getTime() + atLeastFloor(own?.days ?? days) * DAY_MS);
}

/** Nothing that was said after this is due. */
export function earliestCut({ days, projects }: Policy, at: Date): Date {
  const shortest = Math.min(days, ...projects.map((project) => project.days));
  return new Date(at.getTime() - atLeastFloor(shortest) * DAY_MS);
}

/** Whether something was erased sooner than any policy may. */
export const isBelowFloor = ({ time }: Pick<Entry, 'time'>, purgeTime: Date): boolean =>
  purgeTime.getTime() - time.getTime() < FLOOR_DAYS * DAY_MS;
