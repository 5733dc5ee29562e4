// What a seller tells of a project: when, how often, and who reads it.
import { fail } from '../errors.js';
import type { Project } from './project.js';

const DAY_MS = 86_400_000;
/** In 24 hours. */
export const UPDATES_AT_MOST = 20;

export interface Update {
  readonly id: string;
  readonly projectId: string;
  readonly title: string;
  readonly body: string;
  readonly imageUrls: readonly string[];
  readonly backersOnly: boolean;
  readonly createTime: Date;
}

export interface ShownUpdate extends Update {
  /** Body and images are left out. */
  readonly withheld: boolean;
}

/** Updates since then count towards the limit. */
export const countedSince = (at: Date): Date => new Date(at.getTime() - DAY_MS);

/** Of a public project, also when it has ended. `count` are those that count towards the limit. */
export function checkUpdate({ public: isPublic }: Project, count: number): void {
  if (!isPublic) throw fail('PROJECT_NOT_PUBLIC');
  if (count >= UPDATES_AT_MOST) throw fail('UPDATES_TOO_MANY', { limit: UPDATES_AT_MOST });
}

/** What somebody sees of an update who may, or may not, read what is for backers only. */
export const shownTo = (readsAll: boolean, update: Update): ShownUpdate =>
  update.backersOnly && !readsAll ? { ...update, body: '', imageUrls: [], withheld: true } : { ...update, withheld: false };
