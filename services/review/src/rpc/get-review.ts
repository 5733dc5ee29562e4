import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Handler } from '@moa/kit';
import { reviewToProto, revisionToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findReview } from '../store/reviews.js';
import { givenBackOf } from '../store/rights.js';

type GetReview = Handler<typeof ReviewServiceDefinition.methods.getReview>;

/** One that is hidden is shown to its author only; one that was deleted to nobody. */
export const getReview =
  ({ models }: Context): GetReview =>
  async ({ id }, { person }) => {
    const review = await findReview(models, id);
    const isSeen = review.state === 'POSTED' || (review.state === 'HIDDEN' && person?.accountId === review.authorId);
    if (!isSeen) throw fail('REVIEW_NOT_FOUND');
    return {
      review: reviewToProto(review, await givenBackOf(models, [review.subjectId])),
      revisions: review.revisions.map(revisionToProto),
    };
  };
