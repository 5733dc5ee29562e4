// Domain <-> contract.
import * as proto from '@moa/contracts/review/v1/review';
import { ListReviewsRequest_Order, ModerateReviewRequest_Decision } from '@moa/contracts/review/v1/review_service';
import { enumName } from '@moa/kit';
import { type Decision, etagOf, type Revision, type Target } from './domain/review.js';
import { averageHundredths, countOf, type Ratings } from './domain/summary.js';
import type { ReportedReview, ShownReview } from './store/models.js';
import type { Order } from './store/review-lists.js';

export const targetOf = ({ targetKind, targetId }: { readonly targetKind: proto.TargetKind; readonly targetId: string }): Target => ({
  kind: enumName(proto.TargetKind, targetKind, 'TARGET_KIND_')!,
  id: targetId,
});

export const orderOf = (order: ListReviewsRequest_Order): Order => enumName(ListReviewsRequest_Order, order, 'ORDER_') ?? 'NEWEST';

export const decisionOf = (decision: ModerateReviewRequest_Decision): Decision =>
  enumName(ModerateReviewRequest_Decision, decision, 'DECISION_')!;

/** `givenBack` names the order lines and pledges that were. */
export const reviewToProto = (review: ShownReview, givenBack: ReadonlySet<string>): proto.Review => ({
  id: review._id,
  targetKind: proto.TargetKind[`TARGET_KIND_${review.targetKind}`],
  targetId: review.targetId,
  subjectId: review.subjectId,
  authorId: review.authorId,
  rating: review.rating,
  text: review.text,
  imageUrls: [...review.imageUrls],
  state: proto.Review_State[`STATE_${review.state}`],
  createTime: review.createTime,
  editTime: review.editTime,
  reply: review.reply,
  helpfulCount: review.helpfulCount,
  givenBack: givenBack.has(review.subjectId),
  etag: etagOf(review),
});

export const revisionToProto = ({ rating, text, imageUrls, createTime }: Revision): proto.Revision => ({
  rating,
  text,
  imageUrls: [...imageUrls],
  createTime,
});

export const summaryToProto = ({ kind, id }: Target, ratings: Ratings): proto.RatingSummary => ({
  targetKind: proto.TargetKind[`TARGET_KIND_${kind}`],
  targetId: id,
  count: countOf(ratings),
  averageHundredths: averageHundredths(ratings),
  counts: [...ratings.counts],
  withPhotosCount: ratings.withPhotosCount,
});

const REASONS = 10;

export const reportedToProto = (review: ReportedReview, givenBack: ReadonlySet<string>): proto.ReportedReview => ({
  review: reviewToProto(review, givenBack),
  reporterCount: review.complaints.length,
  reasons: review.complaints
    .slice(-REASONS)
    .reverse()
    .map(({ reason }) => reason),
  firstReportTime: review.reportTime,
});
