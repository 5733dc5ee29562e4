import { ReviewPosted, ReviewRemoved } from '@moa/contracts/review/v1/review_events';
import { type Call, kitFail, newId, type Origin } from '@moa/kit';
import { carrying, eventOf, isDuplicate, withEvent } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import { postedEvent, removedEvent } from '../convert-events.js';
import { type Content, type Decision, decided, expectSeen, type Review, type Revision } from '../domain/review.js';
import { fail } from '../errors.js';
import type { Models, ReviewDocument, RightDocument, ShownReview } from './models.js';

const { trusted } = mongoose;
const AFTER = { returnDocument: 'after' } as const;

/** A review as one reads it: without what carries or counts it. */
export const SHOWN = { outbox: 0, unsentTime: 0, reporters: 0, complaints: 0, revisions: 0 } as const;

/** Writes the review of a right, with its event. Of all that try at once one does; who asks again by the same request is given the first. */
export async function insertReview({ reviews }: Models, call: Call, right: RightDocument, content: Content): Promise<ReviewDocument> {
  const { requestId, hash: requestHash } = call.claim;
  const review: Review = {
    _id: newId(),
    targetKind: right.targetKind,
    targetId: right.targetId,
    subjectId: right._id,
    authorId: right.accountId,
    ...content,
    state: 'POSTED',
    createTime: call.at,
    helpfulCount: 0,
    version: 1,
    revisions: [],
  };
  const document: ReviewDocument = {
    ...review,
    hasPhotos: content.imageUrls.length > 0,
    requestId,
    requestHash,
    votesVersion: 0,
    uncountedTime: call.at,
    reporters: [],
    complaints: [],
    ...carrying(eventOf(call, ReviewPosted, postedEvent(review), { version: 1 })),
  };
  try {
    await reviews.insertMany([document], { lean: true });
    return document;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const first = await reviews.findOne({ subjectId: right._id }).lean();
    if (first?.requestId !== requestId) throw fail('REVIEW_EXISTS');
    if (first.requestHash !== requestHash) throw kitFail('REQUEST_ID_REUSED');
    return first;
  }
}

export async function findReview({ reviews }: Models, id: string): Promise<ReviewDocument> {
  const found = await reviews.findById(id).lean();
  if (!found) throw fail('REVIEW_NOT_FOUND');
  return found;
}

/** A person's own. Another person's is not there, and neither is one that was deleted. */
export async function findOwnReview(models: Models, id: string, authorId: string): Promise<ReviewDocument> {
  const review = await findReview(models, id);
  if (review.authorId !== authorId || review.state === 'DELETED') throw fail('REVIEW_NOT_FOUND');
  return review;
}

/** Undefined when it was changed since it was read. */
export async function editReview(
  { reviews }: Models,
  { _id, version }: Review,
  content: Content,
  revision: Revision,
  at: Date,
): Promise<ReviewDocument | null> {
  return reviews
    .findOneAndUpdate(
      { _id, version, state: 'POSTED' },
      {
        $set: { ...content, imageUrls: [...content.imageUrls], hasPhotos: content.imageUrls.length > 0, editTime: at, uncountedTime: at },
        $push: { revisions: revision },
        $inc: { version: 1 },
      },
      AFTER,
    )
    .lean();
}

/** What was said goes, and so does every trace of it; that the right was used stays. Undefined as for editReview. */
export const deleteReview = ({ reviews }: Models, review: Review, origin: Origin): Promise<ReviewDocument | null> =>
  reviews
    .findOneAndUpdate(
      { _id: review._id, version: review.version },
      withEvent(
        {
          $set: { state: 'DELETED', text: '', imageUrls: [], hasPhotos: false, revisions: [], complaints: [], uncountedTime: origin.at },
          $unset: { reply: 1, reportTime: 1 },
          $inc: { version: 1 },
        },
        eventOf(origin, ReviewRemoved, removedEvent(review, false), { version: review.version + 1 }),
      ),
      AFTER,
    )
    .lean();

/** The seller's answer; without a text there is none any more. */
export async function setReply({ reviews }: Models, id: string, text: string, at: Date): Promise<ReviewDocument> {
  const change = text === '' ? { $unset: { reply: 1 } } : { $set: { reply: { text, createTime: at } } };
  const replied = await reviews.findOneAndUpdate({ _id: id, state: 'POSTED' }, { ...change, $inc: { version: 1 } } as object, AFTER).lean();
  if (replied) return replied;
  expectSeen(await findReview({ reviews } as Models, id));
  throw fail('REVIEW_NOT_FOUND');
}

/** Ends the reports, with the decision's event in the same write. */
export async function moderateReview(models: Models, id: string, decision: Decision, origin: Origin): Promise<ReviewDocument> {
  for (;;) {
    const review = await findReview(models, id);
    const state = decided(review.state, decision);
    const changes = state !== review.state;
    const ended = { $set: { complaints: [] }, $unset: { reportTime: 1 } };
    const version = review.version + 1;
    const event =
      state === 'HIDDEN'
        ? () => eventOf(origin, ReviewRemoved, removedEvent(review, true), { version })
        : () => eventOf(origin, ReviewPosted, postedEvent(review), { version });
    const change = changes
      ? withEvent({ ...ended, $set: { ...ended.$set, state, uncountedTime: origin.at }, $inc: { version: 1 } }, event())
      : ended;
    const moderated = await models.reviews.findOneAndUpdate({ _id: id, version: review.version }, change as object, AFTER).lean();
    if (moderated) return moderated;
  }
}

/** The author's name goes from all of them, and from those that are being written. */
export async function closeAccount({ reviews, closedAccounts }: Models, accountId: string, at: Date): Promise<void> {
  await closedAccounts.updateOne({ _id: accountId }, { $setOnInsert: { closeTime: at } }, { upsert: true });
  await reviews.updateMany({ authorId: accountId }, { $set: { authorId: '' } });
}

/** Somebody who closes the account while a review is being written leaves no name on it. */
export async function forgetIfClosed({ reviews, closedAccounts }: Models, { _id, authorId }: Review): Promise<void> {
  if (await closedAccounts.exists({ _id: authorId })) await reviews.updateOne({ _id }, { $set: { authorId: '' } });
}

/** The newest of a person. */
export const listReviewsOf = ({ reviews }: Models, authorId: string, afterId: string | undefined, limit: number): Promise<ShownReview[]> =>
  reviews
    .find({ authorId, state: trusted({ $in: ['POSTED', 'HIDDEN'] }), ...(afterId && { _id: trusted({ $lt: afterId }) }) }, SHOWN)
    .sort({ _id: -1 })
    .limit(limit)
    .lean();
