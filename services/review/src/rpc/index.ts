import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { createReview } from './create-review.js';
import { deleteReview } from './delete-review.js';
import { getRatingSummary } from './get-rating-summary.js';
import { getReview } from './get-review.js';
import { listMyReviews } from './list-my-reviews.js';
import { listReportedReviews } from './list-reported-reviews.js';
import { listReviews } from './list-reviews.js';
import { markHelpful } from './mark-helpful.js';
import { moderateReview } from './moderate-review.js';
import { replyToReview } from './reply-to-review.js';
import { reportReview } from './report-review.js';
import { updateReview } from './update-review.js';

export const reviewService = (context: Context): Implementation<typeof ReviewServiceDefinition> => ({
  createReview: createReview(context),
  updateReview: updateReview(context),
  deleteReview: deleteReview(context),
  getReview: getReview(context),
  listReviews: listReviews(context),
  listMyReviews: listMyReviews(context),
  getRatingSummary: getRatingSummary(context),
  replyToReview: replyToReview(context),
  markHelpful: markHelpful(context),
  reportReview: reportReview(context),
  listReportedReviews: listReportedReviews(context),
  moderateReview: moderateReview(context),
});
