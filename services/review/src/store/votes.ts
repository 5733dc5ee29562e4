// One vote for each person and review. A review's count is made anew from the votes, as a summary is from reviews.
import { isDuplicate } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import type { Models } from './models.js';
import { noteCounted } from './uncounted.js';

const { trusted } = mongoose;
const SWEPT_AT_ONCE = 200;

export async function vote({ votes }: Models, reviewId: string, accountId: string, helpful: boolean, at: Date): Promise<void> {
  const _id = `${reviewId}/${accountId}`;
  const { matchedCount } = await votes.updateOne(
    { _id, helpful: !helpful },
    { $set: { helpful, uncountedTime: at }, $inc: { version: 1 } },
  );
  if (matchedCount > 0 || !helpful) return;
  try {
    await votes.insertMany([{ _id, reviewId, helpful, version: 1, uncountedTime: at }], { lean: true });
  } catch (error) {
    // It stands already.
    if (!isDuplicate(error)) throw error;
  }
}

/** Makes the count of a review anew. */
export async function countVotes({ reviews, votes }: Models, reviewId: string): Promise<void> {
  for (;;) {
    const review = await reviews.findById(reviewId, { votesVersion: 1 }).lean();
    if (!review) return;
    const uncounted = await votes.find({ reviewId, uncountedTime: trusted({ $ne: null }) }, { version: 1 }).lean();
    const helpfulCount = await votes.countDocuments({ reviewId, helpful: true });
    const { matchedCount } = await reviews.updateOne(
      { _id: reviewId, votesVersion: review.votesVersion },
      { $set: { helpfulCount }, $inc: { votesVersion: 1 } },
    );
    if (matchedCount === 0) continue;
    await noteCounted(votes, uncounted);
    return;
  }
}

/** Reviews with votes that were not counted, because who took one died before. */
export async function uncountedVotes({ votes }: Models): Promise<string[]> {
  const found = await votes
    .find({ uncountedTime: trusted({ $ne: null }) }, { reviewId: 1 })
    .limit(SWEPT_AT_ONCE)
    .lean();
  return [...new Set(found.map(({ reviewId }) => reviewId))];
}
