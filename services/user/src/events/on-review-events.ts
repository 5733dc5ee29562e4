// A review earns points, once; they are taken back when it is removed. Its events may come twice, late, and the removal before the posting.
import { ReviewPosted, ReviewRemoved } from '@moa/contracts/review/v1/review_events';
import { on, type Subscription } from '@moa/kit';
import { earnedByReview } from '../domain/points.js';
import type { PrismaClient } from '../generated/client.js';
import { clawBackPoints, earnPoints } from '../store/points.js';

// Empty once the author has closed the account: the points went with it.
const hasAuthor = ({ authorId }: { readonly authorId: string }): boolean => authorId !== '';

export const onReviewEvents: Subscription<PrismaClient>[] = [
  on(ReviewPosted, async (event, tx, origin) => {
    if (hasAuthor(event)) await earnPoints(tx, origin, earnerOf(event), earnedByReview(event.withPhotos));
  }),
  on(ReviewRemoved, async (event, tx, origin) => {
    if (hasAuthor(event)) await clawBackPoints(tx, origin, earnerOf(event));
  }),
];

const earnerOf = ({ authorId, reviewId }: { readonly authorId: string; readonly reviewId: string }) => ({
  accountId: authorId,
  sourceId: reviewId,
  subjectId: reviewId,
});
