// A review, and what may become of it.
import { fail } from '../errors.js';

export type TargetKind = 'PRODUCT' | 'PROJECT';

/** What a review is about. */
export interface Target {
  readonly kind: TargetKind;
  readonly id: string;
}

/** A target as one text. */
export const keyOf = ({ kind, id }: Target): string => `${kind}/${id}`;

export function targetOfKey(key: string): Target {
  const [kind, id] = key.split('/') as [TargetKind, string];
  return { kind, id };
}

/** What its author writes. */
export interface Content {
  readonly rating: number;
  readonly text: string;
  readonly imageUrls: readonly string[];
}

export interface Revision extends Content {
  readonly createTime: Date;
}

export interface Reply {
  readonly text: string;
  readonly createTime: Date;
}

export interface Review extends Content {
  readonly _id: string;
  readonly targetKind: TargetKind;
  readonly targetId: string;
  readonly subjectId: string;
  /** Empty once the author has closed the account. */
  readonly authorId: string;
  readonly state: 'POSTED' | 'DELETED' | 'HIDDEN';
  readonly createTime: Date;
  readonly editTime?: Date | undefined;
  readonly reply?: Reply | undefined;
  readonly helpfulCount: number;
  /** Grows with each change that its author or a moderator sees. */
  readonly version: number;
  /** What it was before its edits, oldest first. */
  readonly revisions: readonly Revision[];
}

/** So that its history stays readable, and the document small. */
const MOST_EDITS = 20;

export const etagOf = ({ version }: Pick<Review, 'version'>): string => `v${version}`;

/** What the review will be before the edit. Throws for what cannot be edited, or was changed since it was read. */
export function revisionOf(review: Review, etag: string): Revision {
  expectSeen(review);
  if (etag !== etagOf(review)) throw fail('ETAG_STALE', { etag: etagOf(review) });
  if (review.revisions.length >= MOST_EDITS) throw fail('EDITS_TOO_MANY');
  const { rating, text, imageUrls, createTime, editTime } = review;
  return { rating, text, imageUrls, createTime: editTime ?? createTime };
}

/** A hidden review may be read by its author, and is not changed by anybody. */
export function expectSeen({ state }: Pick<Review, 'state'>): void {
  if (state === 'HIDDEN') throw fail('REVIEW_HIDDEN');
  if (state === 'DELETED') throw fail('REVIEW_DELETED');
}

export type Decision = 'HIDE' | 'SHOW' | 'KEEP';

/** The state after a moderator's decision. Deciding the same again changes nothing. */
export function decided(state: Review['state'], decision: Decision): Review['state'] {
  if (state === 'DELETED') throw fail('REVIEW_DELETED');
  return decision === 'KEEP' ? state : decision === 'HIDE' ? 'HIDDEN' : 'POSTED';
}
