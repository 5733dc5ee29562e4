// Reviews of a product or project, in their orders. Each has its index, and a page goes on after a row and not after a number of rows.
import { readPageToken } from '@moa/kit';
import mongoose from 'mongoose';
import type { Target } from '../domain/review.js';
import type { Models, ShownReview } from './models.js';
import { SHOWN } from './reviews.js';

const { trusted } = mongoose;

export type Order = 'NEWEST' | 'MOST_HELPFUL' | 'BEST' | 'WORST';

export interface Wanted {
  readonly target: Target;
  readonly order: Order;
  readonly withPhotos: boolean;
  /** 0: all. */
  readonly rating: number;
}

/** After which row a page goes on: by what it is ordered, and id. */
interface Keyset {
  readonly value: number;
  readonly id: string;
}

const FIELDS = {
  NEWEST: undefined,
  MOST_HELPFUL: { name: 'helpfulCount', direction: -1 },
  BEST: { name: 'rating', direction: -1 },
  WORST: { name: 'rating', direction: 1 },
} as const;

/** What a page token belongs to. */
export const filterOf = ({ target, order, withPhotos, rating }: Wanted): readonly unknown[] => [
  target.kind,
  target.id,
  order,
  withPhotos,
  rating,
];

export const keysOf =
  ({ order }: Wanted) =>
  (review: ShownReview): [string, string] => {
    const field = FIELDS[order];
    return [String(field ? review[field.name] : 0), review._id];
  };

export function readKeyset(token: string, filter: readonly unknown[]): Keyset | undefined {
  const keys = readPageToken(token, filter, ['number', 'id']);
  return keys && { value: Number(keys[0]), id: keys[1] };
}

export function listReviews({ reviews }: Models, wanted: Wanted, after: Keyset | undefined, limit: number): Promise<ShownReview[]> {
  const { target, order, withPhotos, rating } = wanted;
  const field = FIELDS[order];
  const filter = {
    targetId: target.id,
    targetKind: target.kind,
    state: 'POSTED',
    ...(withPhotos && { hasPhotos: true }),
    ...(rating > 0 && { rating }),
  } as const;
  // Within one rating the newest come first, whatever the order by rating is.
  const ordered = field && !(field.name === 'rating' && rating > 0) ? field : undefined;
  const older = after && { _id: trusted({ $lt: after.id }) };
  const beyond =
    after && ordered
      ? {
          $or: [
            { [ordered.name]: trusted(ordered.direction < 0 ? { $lt: after.value } : { $gt: after.value }) },
            { [ordered.name]: after.value, ...older },
          ],
        }
      : older;
  return reviews
    .find({ ...filter, ...beyond }, SHOWN)
    .sort({ ...(ordered && { [ordered.name]: ordered.direction }), _id: -1 })
    .limit(limit)
    .lean();
}
