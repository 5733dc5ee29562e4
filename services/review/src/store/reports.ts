import type { TimeKeyset } from '@moa/kit';
import { beyond } from '@moa/kit/mongo';
// Reports stand in the review that they are about: a report and its place in the moderators' list are one write.
import mongoose from 'mongoose';
import { fail } from '../errors.js';
import type { Complaint, Models, ReportedReview } from './models.js';
import { findReview } from './reviews.js';

const { trusted } = mongoose;

/** Enough to be looked at: what comes after them tells nothing new. */
const MOST_REPORTERS = 100;

/** A person counts once for each review, also after the reports were decided. */
export async function reportReview(models: Models, id: string, complaint: Complaint): Promise<void> {
  for (;;) {
    const review = await findReview(models, id);
    if (review.state !== 'POSTED') throw fail('REVIEW_NOT_FOUND');
    if (review.authorId === complaint.accountId) throw fail('OWN_REVIEW');
    if (review.reporters.includes(complaint.accountId) || review.reporters.length >= MOST_REPORTERS) return;
    const isFirst = review.reportTime === undefined;
    const { matchedCount } = await models.reviews.updateOne(
      {
        _id: id,
        state: 'POSTED',
        reporters: trusted({ $ne: complaint.accountId }),
        reportTime: isFirst ? null : trusted({ $ne: null }),
      },
      {
        $push: { reporters: complaint.accountId, complaints: complaint },
        ...(isFirst && { $set: { reportTime: complaint.createTime } }),
      },
    );
    // Otherwise somebody else reported it meanwhile, or it was decided.
    if (matchedCount > 0) return;
  }
}

/** Those that wait for longest first. */
export function listReported({ reviews }: Models, after: TimeKeyset | undefined, limit: number): Promise<ReportedReview[]> {
  return reviews
    .find({ reportTime: trusted({ $ne: null }), ...beyond('reportTime', '$gt', after) }, { outbox: 0, unsentTime: 0, revisions: 0 })
    .sort({ reportTime: 1, _id: 1 })
    .limit(limit)
    .lean();
}
