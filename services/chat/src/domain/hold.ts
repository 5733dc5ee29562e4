// What a hold keeps.
import { fail } from '../errors.js';
import type { Entry } from './entry.js';

/** Everything that is set must hold. Times are those of the entry itself. */
export interface Reach {
  readonly roomId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly authorId?: string | undefined;
  /** Not before. */
  readonly startTime?: Date | undefined;
  /** Before. */
  readonly endTime?: Date | undefined;
}

/** Refuses what would keep everything, or nothing. */
export function expectReach({ roomId, projectId, authorId, startTime, endTime }: Reach): void {
  if (![roomId, projectId, authorId, startTime, endTime].some((each) => each !== undefined)) throw fail('HOLD_WITHOUT_REACH');
  if (startTime && endTime && startTime >= endTime) throw fail('TIMES_REVERSED');
}

export const isHeldBy = (
  { roomId, projectId, authorId, startTime, endTime }: Reach,
  entry: Pick<Entry, 'roomId' | 'projectId' | 'authorId' | 'time'>,
): boolean =>
  (roomId === undefined || roomId === entry.roomId) &&
  (projectId === undefined || projectId === entry.projectId) &&
  (authorId === undefined || authorId === entry.authorId) &&
  (startTime === undefined || startTime <= entry.time) &&
  (endTime === undefined || entry.time < endTime);
