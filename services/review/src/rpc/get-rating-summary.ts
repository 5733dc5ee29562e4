import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Handler } from '@moa/kit';
import { summaryToProto, targetOf } from '../convert.js';
import { keyOf } from '../domain/review.js';
import type { Context } from '../service.js';
import { findRatings } from '../store/ratings.js';

type GetRatingSummary = Handler<typeof ReviewServiceDefinition.methods.getRatingSummary>;

export const getRatingSummary =
  ({ models, summaries }: Context): GetRatingSummary =>
  async (request) => {
    const target = targetOf(request);
    return { summary: summaryToProto(target, await summaries.get(keyOf(target), () => findRatings(models, target))) };
  };
