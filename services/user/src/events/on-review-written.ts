import { ReviewPosted } from '@moa/contracts/review/v1/review_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { saveWrittenReview } from '../store/review-rights.js';

/** What was reviewed is not asked for any more. It may be heard of before the right. */
export const onReviewWritten = on<ReviewPosted, PrismaClient>(ReviewPosted, ({ subjectId, reviewId }, tx) =>
  saveWrittenReview(tx, subjectId, reviewId),
);
