// The documents of reviews. Indexes are made by the migration step.
import { documentOptions, outboxFields, type WithOutbox } from '@moa/kit/mongo';
import { type Connection, type Model, Schema } from 'mongoose';
import type { Reply, Review, Revision, TargetKind } from '../domain/review.js';
import type { Ratings } from '../domain/summary.js';

const text = { type: String, required: true } as const;
const number = { type: Number, required: true } as const;
const time = { type: Date, required: true } as const;

/** What somebody may review, and who sells it. */
export interface RightDocument {
  /** The order line or pledge. */
  readonly _id: string;
  readonly accountId: string;
  readonly targetKind: TargetKind;
  readonly targetId: string;
  readonly givenBack: boolean;
  /** Of the order or pledge, as of the newest event that was heard. */
  readonly version: number;
}

const rightSchema = new Schema<RightDocument>(
  { _id: text, accountId: text, targetKind: text, targetId: text, givenBack: { type: Boolean, required: true }, version: number },
  { ...documentOptions, collection: 'rights' },
);

export interface SellerDocument {
  /** The product or project. */
  readonly _id: string;
  readonly sellerId: string;
}

const sellerSchema = new Schema<SellerDocument>({ _id: text, sellerId: text }, { ...documentOptions, collection: 'sellers' });

export interface Complaint {
  readonly accountId: string;
  readonly reason: string;
  readonly createTime: Date;
}

export interface ReviewDocument extends Review, WithOutbox {
  readonly hasPhotos: boolean;
  /** The request that made it: the same again is no second review. */
  readonly requestId: string;
  readonly requestHash: string;
  /** Grows with each count of votes: an older count does not overwrite a newer one. */
  readonly votesVersion: number;
  /** Not yet in the summary as it is now. */
  readonly uncountedTime?: Date | undefined;
  /** Who ever reported it. */
  readonly reporters: readonly string[];
  /** Not yet decided on, oldest first. */
  readonly complaints: readonly Complaint[];
  /** Of the oldest of them. */
  readonly reportTime?: Date | undefined;
}

/** Without what only moderators see, and what it was before. */
export type ShownReview = Omit<ReviewDocument, 'revisions' | 'reporters' | 'complaints' | 'outbox' | 'unsentTime'>;

/** With what people complain about. */
export type ReportedReview = Omit<ReviewDocument, 'revisions' | 'outbox' | 'unsentTime'>;

const contentFields = { rating: number, text: { type: String, default: '' }, imageUrls: [String] };
const revisionSchema = new Schema<Revision>({ ...contentFields, createTime: time }, { ...documentOptions, _id: false });
const replySchema = new Schema<Reply>({ text, createTime: time }, { ...documentOptions, _id: false });
const complaintSchema = new Schema<Complaint>({ accountId: text, reason: text, createTime: time }, { ...documentOptions, _id: false });

const reviewSchema = new Schema<ReviewDocument>(
  {
    _id: text,
    targetKind: text,
    targetId: text,
    subjectId: text,
    authorId: { type: String, default: '' },
    ...contentFields,
    hasPhotos: { type: Boolean, required: true },
    state: { type: String, enum: ['POSTED', 'DELETED', 'HIDDEN'], required: true },
    createTime: time,
    editTime: Date,
    reply: replySchema,
    helpfulCount: number,
    votesVersion: number,
    version: number,
    revisions: [revisionSchema],
    requestId: text,
    requestHash: text,
    uncountedTime: Date,
    reporters: [String],
    complaints: [complaintSchema],
    reportTime: Date,
    ...outboxFields,
  },
  { ...documentOptions, collection: 'reviews' },
);
// One for each right, whoever is first.
reviewSchema.index({ subjectId: 1 }, { unique: true });
// Ids sort by their time of birth.
reviewSchema.index({ targetId: 1, state: 1, _id: -1 });
reviewSchema.index({ targetId: 1, state: 1, hasPhotos: 1, _id: -1 });
reviewSchema.index({ targetId: 1, state: 1, helpfulCount: -1, _id: -1 });
reviewSchema.index({ targetId: 1, state: 1, rating: -1, _id: -1 });
reviewSchema.index({ targetId: 1, state: 1, rating: 1, _id: -1 });
reviewSchema.index({ authorId: 1, _id: -1 });
reviewSchema.index({ reportTime: 1, _id: 1 }, { sparse: true });
reviewSchema.index({ uncountedTime: 1 }, { sparse: true });
reviewSchema.index({ unsentTime: 1 }, { sparse: true });

export interface VoteDocument {
  /** <review>/<account> */
  readonly _id: string;
  readonly reviewId: string;
  readonly helpful: boolean;
  readonly version: number;
  /** Not yet in the review's count. */
  readonly uncountedTime?: Date | undefined;
}

const voteSchema = new Schema<VoteDocument>(
  { _id: text, reviewId: text, helpful: { type: Boolean, required: true }, version: number, uncountedTime: Date },
  { ...documentOptions, collection: 'votes' },
);
voteSchema.index({ reviewId: 1, helpful: 1 });
voteSchema.index({ uncountedTime: 1 }, { sparse: true });

export interface SummaryDocument extends Ratings, WithOutbox {
  /** The product or project. */
  readonly _id: string;
  readonly targetKind: TargetKind;
  /** Grows with each count: an older count does not overwrite a newer one. */
  readonly version: number;
}

const summarySchema = new Schema<SummaryDocument>(
  { _id: text, targetKind: text, counts: [Number], withPhotosCount: number, version: number, ...outboxFields },
  { ...documentOptions, collection: 'summaries' },
);
summarySchema.index({ unsentTime: 1 }, { sparse: true });

export interface ClosedAccountDocument {
  /** The account. */
  readonly _id: string;
  readonly closeTime: Date;
}

const closedAccountSchema = new Schema<ClosedAccountDocument>(
  { _id: text, closeTime: time },
  { ...documentOptions, collection: 'closed_accounts' },
);

export interface Models {
  readonly rights: Model<RightDocument>;
  readonly sellers: Model<SellerDocument>;
  readonly reviews: Model<ReviewDocument>;
  readonly votes: Model<VoteDocument>;
  readonly summaries: Model<SummaryDocument>;
  readonly closedAccounts: Model<ClosedAccountDocument>;
}

export const openModels = (connection: Connection): Models => ({
  rights: connection.model<RightDocument>('Right', rightSchema),
  sellers: connection.model<SellerDocument>('Seller', sellerSchema),
  reviews: connection.model<ReviewDocument>('Review', reviewSchema),
  votes: connection.model<VoteDocument>('Vote', voteSchema),
  summaries: connection.model<SummaryDocument>('Summary', summarySchema),
  closedAccounts: connection.model<ClosedAccountDocument>('ClosedAccount', closedAccountSchema),
});

/** Collections whose documents carry events. */
export const WITH_OUTBOX = ['reviews', 'summaries'] as const;
