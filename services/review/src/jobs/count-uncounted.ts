import type { Context } from '../service.js';
import { uncountedTargets } from '../store/ratings.js';
import { uncountedVotes } from '../store/votes.js';

/** Who writes counts at once; this counts what is left by who died in between. */
export async function countUncounted({ models, countRatings, countVotes }: Context): Promise<void> {
  for (const target of await uncountedTargets(models)) await countRatings(target);
  for (const reviewId of await uncountedVotes(models)) await countVotes(reviewId);
}
