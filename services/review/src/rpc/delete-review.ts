import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { findOwnReview, deleteReview as remove } from '../store/reviews.js';
import { counted } from './counted.js';

type DeleteReview = Handler<typeof ReviewServiceDefinition.methods.deleteReview>;

export const deleteReview =
  (context: Context): DeleteReview =>
  async ({ id }, call) => {
    for (;;) {
      const review = await findOwnReview(context.models, id, call.caller.accountId);
      if (!(await remove(context.models, review, call))) continue;
      await counted(context, review);
      return {};
    }
  };
