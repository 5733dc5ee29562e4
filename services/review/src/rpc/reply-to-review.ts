import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Handler } from '@moa/kit';
import { reviewToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findReview, setReply } from '../store/reviews.js';
import { givenBackOf, isSellerOf } from '../store/rights.js';

type ReplyToReview = Handler<typeof ReviewServiceDefinition.methods.replyToReview>;

export const replyToReview =
  ({ models }: Context): ReplyToReview =>
  async ({ id, text }, { caller, at }) => {
    const { targetId } = await findReview(models, id);
    if (!(await isSellerOf(models, targetId, caller.accountId))) throw fail('REVIEW_NOT_FOUND');
    const review = await setReply(models, id, text, at);
    return { review: reviewToProto(review, await givenBackOf(models, [review.subjectId])) };
  };
