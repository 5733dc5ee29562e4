// What events say.
import { TargetKind } from '@moa/contracts/review/v1/review';
import type { RatingChanged, ReviewPosted, ReviewRemoved } from '@moa/contracts/review/v1/review_events';
import type { Review, Target } from './domain/review.js';
import { averageHundredths, countOf, type Ratings } from './domain/summary.js';

const about = ({ _id, targetKind, targetId, subjectId, authorId }: Review) => ({
  reviewId: _id,
  targetKind: TargetKind[`TARGET_KIND_${targetKind}`],
  targetId,
  subjectId,
  authorId,
});

export const postedEvent = (review: Review): ReviewPosted => ({
  ...about(review),
  rating: review.rating,
  withPhotos: review.imageUrls.length > 0,
});

export const removedEvent = (review: Review, moderated: boolean): ReviewRemoved => ({ ...about(review), moderated });

export const ratingChangedEvent = ({ kind, id }: Target, ratings: Ratings): RatingChanged => ({
  targetKind: TargetKind[`TARGET_KIND_${kind}`],
  targetId: id,
  count: countOf(ratings),
  averageHundredths: averageHundredths(ratings),
});
