import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { crashPoint, type Handler } from '@moa/kit';
import { reviewToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { forgetIfClosed, insertReview } from '../store/reviews.js';
import { findRight } from '../store/rights.js';
import { counted } from './counted.js';

type CreateReview = Handler<typeof ReviewServiceDefinition.methods.createReview>;

export const createReview =
  (context: Context): CreateReview =>
  async ({ subjectId, rating, text, imageUrls }, call) => {
    const { models } = context;
    const right = await findRight(models, subjectId);
    if (right?.accountId !== call.caller.accountId) throw fail('RIGHT_NOT_FOUND');
    if (right.givenBack) throw fail('SUBJECT_GIVEN_BACK');
    const review = await insertReview(models, call, right, { rating, text, imageUrls });
    crashPoint('review.create.written');
    await forgetIfClosed(models, review);
    await counted(context, review);
    return { review: reviewToProto(review, new Set()) };
  };
