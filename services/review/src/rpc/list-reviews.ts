import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { type Handler, pageOf, pageSizeOf } from '@moa/kit';
import { orderOf, reviewToProto, targetOf } from '../convert.js';
import type { Context } from '../service.js';
import { filterOf, keysOf, listReviews as list, readKeyset } from '../store/review-lists.js';
import { givenBackOf } from '../store/rights.js';

type ListReviews = Handler<typeof ReviewServiceDefinition.methods.listReviews>;

export const listReviews =
  ({ models }: Context): ListReviews =>
  async (request) => {
    const { withPhotos, rating, pageToken } = request;
    const wanted = { target: targetOf(request), order: orderOf(request.order), withPhotos, rating };
    const filter = filterOf(wanted);
    const size = pageSizeOf(request.pageSize);
    const rows = await list(models, wanted, readKeyset(pageToken, filter), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, keysOf(wanted), filter);
    const givenBack = await givenBackOf(
      models,
      items.map(({ subjectId }) => subjectId),
    );
    return { reviews: items.map((review) => reviewToProto(review, givenBack)), nextPageToken };
  };
