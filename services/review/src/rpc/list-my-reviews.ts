import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { reviewToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listReviewsOf } from '../store/reviews.js';
import { givenBackOf } from '../store/rights.js';

type ListMyReviews = Handler<typeof ReviewServiceDefinition.methods.listMyReviews>;

export const listMyReviews =
  ({ models }: Context): ListMyReviews =>
  async ({ pageSize, pageToken }, { caller }) => {
    const size = pageSizeOf(pageSize);
    const rows = await listReviewsOf(models, caller.accountId, readPageToken(pageToken, [], ['id'])?.[0], size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ _id }) => [_id]);
    const givenBack = await givenBackOf(
      models,
      items.map(({ subjectId }) => subjectId),
    );
    return { reviews: items.map((review) => reviewToProto(review, givenBack)), nextPageToken };
  };
