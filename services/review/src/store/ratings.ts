// The summary of a target is made anew from its reviews. Whoever counts reads the summary's version first, and writes only over that one: who
// was overtaken counts again. So the last count has seen every review that was there before it began, however many count at once.
import { RatingChanged } from '@moa/contracts/review/v1/review_events';
import type { Origin } from '@moa/kit';
import { carrying, eventOf, isDuplicate, withEvent } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import { ratingChangedEvent } from '../convert-events.js';
import type { Target } from '../domain/review.js';
import { NO_RATINGS, type Ratings, ratingsOf, sameRatings } from '../domain/summary.js';
import type { Models } from './models.js';
import { noteCounted } from './uncounted.js';

const { trusted } = mongoose;
const SWEPT_AT_ONCE = 200;

export async function findRatings({ summaries }: Models, target: Target): Promise<Ratings> {
  const found = await summaries.findOne({ _id: target.id, targetKind: target.kind }, { counts: 1, withPhotosCount: 1 }).lean();
  return found ?? NO_RATINGS;
}

export async function countRatings(models: Models, target: Target, origin: Origin): Promise<void> {
  const { reviews } = models;
  for (;;) {
    const before = await models.summaries.findById(target.id, { outbox: 0 }).lean();
    const uncounted = await reviews.find({ targetId: target.id, uncountedTime: trusted({ $ne: null }) }, { version: 1 }).lean();
    const ratings = await readRatings(models, target);
    if (!(await writeRatings(models, target, before, ratings, origin))) continue;
    await noteCounted(reviews, uncounted);
    return;
  }
}

/** Targets whose summary may be old, because who wrote a review died before it was counted. */
export async function uncountedTargets({ reviews }: Models): Promise<Target[]> {
  const found = await reviews
    .find({ uncountedTime: trusted({ $ne: null }) }, { targetId: 1, targetKind: 1 })
    .limit(SWEPT_AT_ONCE)
    .lean();
  return [...new Map(found.map(({ targetId, targetKind }) => [targetId, { id: targetId, kind: targetKind }])).values()];
}

/** From the reviews themselves. */
async function readRatings({ reviews }: Models, { id }: Target): Promise<Ratings> {
  const rows = await reviews.aggregate<{ _id: { rating: number; hasPhotos: boolean }; count: number }>([
    { $match: { targetId: id, state: 'POSTED' } },
    { $group: { _id: { rating: '$rating', hasPhotos: '$hasPhotos' }, count: { $sum: 1 } } },
  ]);
  return ratingsOf(rows.map(({ _id, count }) => ({ ..._id, count })));
}

/** False when somebody else has written meanwhile. */
async function writeRatings(
  { summaries }: Models,
  { id: _id, kind: targetKind }: Target,
  before: (Ratings & { readonly version: number }) | null,
  ratings: Ratings,
  origin: Origin,
): Promise<boolean> {
  const version = (before?.version ?? 0) + 1;
  const fields = { counts: [...ratings.counts], withPhotosCount: ratings.withPhotosCount, version };
  const event = sameRatings(before ?? NO_RATINGS, ratings)
    ? undefined
    : eventOf(origin, RatingChanged, ratingChangedEvent({ id: _id, kind: targetKind }, ratings), { version });
  if (before) {
    const change = { $set: fields };
    const { matchedCount } = await summaries.updateOne({ _id, version: before.version }, event ? withEvent(change, event) : change);
    return matchedCount > 0;
  }
  try {
    await summaries.insertMany([{ _id, targetKind, ...fields, ...(event && carrying(event)) }], { lean: true });
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}
