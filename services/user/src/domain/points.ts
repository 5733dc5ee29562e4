// What points earn, and how long they last. Where they come from and go to is written in SQL, with the constraints (migration 0003).
const DAY_MS = 86_400_000;

/** Points of orders and reviews, and of staff who say nothing else. */
const LAST_DAYS = 365;
/** What was spent out of a lot that has expired meanwhile, and is given back. */
const RETURNED_LAST_DAYS = 30;
const EXPIRING_DAYS = 30;

/** Of what was paid in money. */
const EARNED_PERCENT = 1n;
const CURRENCY = 'KRW';
const REVIEW_POINTS = 100n;
const PHOTO_REVIEW_POINTS = 300n;

/** How long the holder has to capture or release after a hold's time. */
export const HOLD_GRACE_MS = 5 * 60_000;

const daysAfter = (at: Date, days: number): Date => new Date(at.getTime() + days * DAY_MS);

export const expireTimeOf = (at: Date): Date => daysAfter(at, LAST_DAYS);

export const returnedExpireTimeOf = (at: Date): Date => daysAfter(at, RETURNED_LAST_DAYS);

/** What expires before this expires soon. */
export const expiringHorizon = (at: Date): Date => daysAfter(at, EXPIRING_DAYS);

/** What was paid for a line earns this much, rounded down. A point is worth a won: other money earns none. */
export function earnedBy(paid: { readonly currencyCode: string; readonly amountMinor: bigint }): bigint {
  return paid.currencyCode === CURRENCY ? (paid.amountMinor * EARNED_PERCENT) / 100n : 0n;
}

/** A photo tells others more. */
export const earnedByReview = (withPhotos: boolean): bigint => (withPhotos ? PHOTO_REVIEW_POINTS : REVIEW_POINTS);

/** Something that happened to a person's points. */
export interface PointEntry {
  readonly id: string;
  readonly kind: 'EARNED' | 'GRANTED' | 'SPENT' | 'RETURNED' | 'EXPIRED' | 'CLAWED_BACK' | 'FORFEITED';
  readonly amountMinor: bigint;
  readonly balanceMinor: bigint;
  readonly reason: string;
  readonly subjectId: string | null;
  readonly createTime: Date;
}

export interface PointBalance {
  readonly availableMinor: bigint;
  readonly heldMinor: bigint;
  readonly expiringMinor: bigint;
  readonly owedMinor: bigint;
  /** Null: nothing is available. */
  readonly nextExpireTime: Date | null;
}
