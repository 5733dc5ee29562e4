import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Handler } from '@moa/kit';
import { reviewToProto } from '../convert.js';
import { revisionOf } from '../domain/review.js';
import type { Context } from '../service.js';
import { editReview, findOwnReview } from '../store/reviews.js';
import { givenBackOf } from '../store/rights.js';
import { counted } from './counted.js';

type UpdateReview = Handler<typeof ReviewServiceDefinition.methods.updateReview>;

export const updateReview =
  (context: Context): UpdateReview =>
  async ({ id, etag, rating, text, imageUrls }, { caller, at }) => {
    const { models } = context;
    for (;;) {
      const review = await findOwnReview(models, id, caller.accountId);
      const edited = await editReview(models, review, { rating, text, imageUrls }, revisionOf(review, etag), at);
      // Changed since it was read: the next look says how.
      if (!edited) continue;
      await counted(context, edited);
      return { review: reviewToProto(edited, await givenBackOf(models, [edited.subjectId])) };
    }
  };
