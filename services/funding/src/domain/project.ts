// A project from draft to close: who sees it, what may be changed, and how its states follow each other.
import { invalid } from '@moa/kit';
import { fail } from '../errors.js';
import type { RetryPolicy } from './pledge.js';

export type Kind = 'ALL_OR_NOTHING' | 'KEEP_WHAT_YOU_RAISE';
export type ProjectState = 'DRAFT' | 'IN_REVIEW' | 'REJECTED' | 'SCHEDULED' | 'LIVE' | 'CHARGING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';
export type Phase = 'HIDDEN' | 'UPCOMING' | 'IN_PROGRESS' | 'GOAL_MET' | 'ENDED_WITH_SUCCESS' | 'ENDED_WITHOUT_SUCCESS';

export interface Project {
  readonly id: string;
  readonly sellerId: string;
  readonly title: string;
  readonly summary: string;
  /** Left out in lists. */
  readonly story?: string;
  readonly category: string;
  readonly imageUrls: string[];
  readonly kind: Kind;
  readonly currency: string;
  readonly goalMinor: bigint;
  readonly startTime: Date;
  readonly closeTime: Date;
  readonly state: ProjectState;
  /** From its approval on. */
  readonly public: boolean;
  readonly rejectionReason: string;
  readonly cancelReason: string;
  readonly raisedMinor: bigint;
  readonly pledgeCount: number;
  readonly popularity: bigint;
  readonly lateUntil: Date | null;
  readonly lateRaisedMinor: bigint;
  readonly chargeRetries: number;
  readonly chargeRetrySeconds: number;
  readonly revision: number;
  readonly version: bigint;
  readonly createTime: Date;
  readonly submitTime: Date | null;
}

/** What tells how far a project has come. */
export type Standing = Pick<
  Project,
  'id' | 'public' | 'state' | 'kind' | 'currency' | 'goalMinor' | 'raisedMinor' | 'pledgeCount' | 'closeTime'
>;

const ENDED: ReadonlySet<ProjectState> = new Set<ProjectState>(['CHARGING', 'SUCCEEDED', 'FAILED', 'CANCELED']);

export interface Viewer {
  readonly accountId: string;
  readonly roles: readonly string[];
}

/** Its seller, and admins, see all of it. */
export const isInsider = (viewer: Viewer | undefined, { sellerId }: Pick<Project, 'sellerId'>): boolean =>
  viewer !== undefined && (viewer.accountId === sellerId || viewer.roles.includes('ADMIN'));

/** What is not public is seen by insiders only. Throws PROJECT_NOT_FOUND. */
export function visibleTo<P extends Project>(viewer: Viewer | undefined, project: P | undefined): P {
  if (project && (project.public || isInsider(viewer, project))) return project;
  throw fail('PROJECT_NOT_FOUND');
}

/** For what only the seller does. Throws PROJECT_NOT_FOUND. */
export function ownProject<P extends Project>(sellerId: string, project: P | undefined): P {
  if (project?.sellerId !== sellerId) throw fail('PROJECT_NOT_FOUND');
  return project;
}

/** Its close counts from the close time on, also while the job that closes it has not come round. */
export const hasEnded = ({ state, closeTime }: Pick<Project, 'state' | 'closeTime'>, at: Date): boolean =>
  ENDED.has(state) || (state === 'LIVE' && closeTime <= at);

/** Its total is final. Until the job that closes it has come round, pledges that came in time may still be on their way. */
export const isFrozen = ({ state }: Pick<Project, 'state'>): boolean => ENDED.has(state);

export const isMet = ({ raisedMinor, goalMinor }: Pick<Project, 'raisedMinor' | 'goalMinor'>): boolean => raisedMinor >= goalMinor;

/** Whether its pledges are charged when it closes. */
export const isSuccess = (project: Pick<Project, 'raisedMinor' | 'goalMinor' | 'kind'>): boolean =>
  isMet(project) || (project.kind === 'KEEP_WHAT_YOU_RAISE' && project.raisedMinor > 0n);

/** What a visitor sees. */
export function phaseOf(project: Standing, at: Date): Phase {
  if (!project.public) return 'HIDDEN';
  switch (project.state) {
    case 'SCHEDULED':
      return 'UPCOMING';
    case 'LIVE':
      if (hasEnded(project, at)) return isSuccess(project) ? 'ENDED_WITH_SUCCESS' : 'ENDED_WITHOUT_SUCCESS';
      return isMet(project) ? 'GOAL_MET' : 'IN_PROGRESS';
    case 'CHARGING':
    case 'SUCCEEDED':
      return 'ENDED_WITH_SUCCESS';
    default:
      return 'ENDED_WITHOUT_SUCCESS';
  }
}

/** Of the goal, rounded down. */
export const percentOf = ({ raisedMinor, goalMinor }: Pick<Project, 'raisedMinor' | 'goalMinor'>): number =>
  Number((raisedMinor * 100n) / goalMinor);

/** Hands a draft in. */
export function submit(project: Project, rewardCount: number, at: Date) {
  if (project.state === 'IN_REVIEW') throw fail('PROJECT_IN_REVIEW');
  if (project.state !== 'DRAFT' && project.state !== 'REJECTED') throw fail('PROJECT_SUBMITTED');
  if (rewardCount === 0) throw fail('REWARD_MISSING');
  if (project.closeTime <= at) throw fail('CLOSE_TIME_PASSED');
  return { state: 'IN_REVIEW', submitTime: at, rejectionReason: '' } as const;
}

/** `policy` says how refused charges are tried again, if not as it stands. */
export function approve(project: Project, at: Date, policy?: RetryPolicy) {
  if (project.state !== 'IN_REVIEW') throw fail('PROJECT_NOT_IN_REVIEW');
  if (project.closeTime <= at) throw fail('CLOSE_TIME_PASSED');
  return { state: 'SCHEDULED', public: true, ...policy } as const;
}

export function reject(project: Project, reason: string) {
  if (project.state !== 'IN_REVIEW') throw fail('PROJECT_NOT_IN_REVIEW');
  return { state: 'REJECTED', rejectionReason: reason } as const;
}

/** Ends it before its close. What is public tells so. */
export function cancel(project: Project, reason: string, at: Date) {
  if (hasEnded(project, at)) throw fail('PROJECT_ENDED');
  return { state: 'CANCELED', cancelReason: reason, ...(project.public && nextVersion(project)) } as const;
}

/** Ends it after its success: what was paid goes back. */
export function cancelFunded(project: Project, reason: string) {
  if (project.state !== 'CHARGING' && project.state !== 'SUCCEEDED') throw fail('PROJECT_NOT_FUNDED', { state: project.state });
  return { state: 'CANCELED', cancelReason: reason, ...nextVersion(project) } as const;
}

const DAY_MS = 86_400_000;
/** Late pledges are taken for so long at most. */
export const LATE_DAYS = 60;

/** Takes late pledges until then. */
export function openLate(project: Project, until: Date, at: Date) {
  if (project.state !== 'CHARGING' && project.state !== 'SUCCEEDED') throw fail('PROJECT_NOT_FUNDED', { state: project.state });
  if (until.getTime() - at.getTime() > LATE_DAYS * DAY_MS)
    throw invalid([{ field: 'until', description: `must be at most ${LATE_DAYS} days from now` }]);
  return { lateUntil: until, ...nextVersion(project) };
}

/** Takes pledges from now on. */
export const open = (project: Project) => ({ state: 'LIVE', ...nextVersion(project) }) as const;

/** Freezes the total and decides, once, what becomes of the pledges. */
export const close = (project: Project) => ({ state: isSuccess(project) ? 'CHARGING' : 'FAILED', ...nextVersion(project) }) as const;

/** Every pledge is paid or dropped. */
export const settle = (project: Project) => ({ state: 'SUCCEEDED', ...nextVersion(project) }) as const;

const nextVersion = ({ version }: Project) => ({ version: version + 1n });
