import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Handler } from '@moa/kit';
import { decisionOf, reviewToProto } from '../convert.js';
import type { Context } from '../service.js';
import { moderateReview as moderate } from '../store/reviews.js';
import { givenBackOf } from '../store/rights.js';
import { counted } from './counted.js';

type ModerateReview = Handler<typeof ReviewServiceDefinition.methods.moderateReview>;

export const moderateReview =
  (context: Context): ModerateReview =>
  async ({ id, decision }, call) => {
    const review = await moderate(context.models, id, decisionOf(decision), call);
    await counted(context, review);
    return { review: reviewToProto(review, await givenBackOf(context.models, [review.subjectId])) };
  };
