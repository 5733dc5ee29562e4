import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { reportedToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listReported } from '../store/reports.js';
import { givenBackOf } from '../store/rights.js';

type ListReportedReviews = Handler<typeof ReviewServiceDefinition.methods.listReportedReviews>;

export const listReportedReviews =
  ({ models }: Context): ListReportedReviews =>
  async ({ pageSize, pageToken }) => {
    const size = pageSizeOf(pageSize);
    const rows = await listReported(models, readTimeToken(pageToken), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ reportTime, _id }) => [reportTime!.toISOString(), _id]);
    const givenBack = await givenBackOf(
      models,
      items.map(({ subjectId }) => subjectId),
    );
    return { reviews: items.map((review) => reportedToProto(review, givenBack)), nextPageToken };
  };
