import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import { crashPoint, type Handler } from '@moa/kit';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findReview } from '../store/reviews.js';
import { vote } from '../store/votes.js';

type MarkHelpful = Handler<typeof ReviewServiceDefinition.methods.markHelpful>;

export const markHelpful =
  ({ models, countVotes }: Context): MarkHelpful =>
  async ({ id, helpful }, { caller, at }) => {
    const { state, authorId } = await findReview(models, id);
    if (state !== 'POSTED') throw fail('REVIEW_NOT_FOUND');
    if (authorId === caller.accountId) throw fail('OWN_REVIEW');
    await vote(models, id, caller.accountId, helpful, at);
    crashPoint('review.vote.written');
    await countVotes(id);
    return { helpfulCount: (await findReview(models, id)).helpfulCount };
  };
