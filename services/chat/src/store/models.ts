// The documents of chat and of its archive. Indexes are made by the migration step.
import { documentOptions, outboxFields, type WithOutbox } from '@moa/kit/mongo';
import { type Connection, type Model, Schema } from 'mongoose';
import type { Content, Entry } from '../domain/entry.js';
import type { Member } from '../domain/member.js';
import { type ArchiveModels, openArchiveModels } from './archive-models.js';

export interface RoomDocument extends WithOutbox {
  readonly _id: string;
  readonly projectId: string;
  readonly sellerId: string;
  readonly title: string;
  readonly state: 'OPEN' | 'FROZEN';
  readonly createTime: Date;
  /** How far the log has come; after a kill it may lag behind until the next entry. */
  readonly lastSequence: number;
  /** Of the newest entry; of the opening while there is none. */
  readonly talkTime: Date;
  readonly memberCount: number;
  /** Grows with each count of members: an older count does not overwrite a newer one. */
  readonly countVersion: number;
}

const roomSchema = new Schema<RoomDocument>(
  {
    _id: { type: String, required: true },
    projectId: { type: String, required: true },
    sellerId: { type: String, required: true },
    title: { type: String, required: true },
    state: { type: String, enum: ['OPEN', 'FROZEN'], required: true },
    createTime: { type: Date, required: true },
    lastSequence: { type: Number, required: true },
    talkTime: { type: Date, required: true },
    memberCount: { type: Number, required: true },
    countVersion: { type: Number, required: true },
    ...outboxFields,
  },
  { ...documentOptions, collection: 'rooms' },
);
roomSchema.index({ projectId: 1 }, { unique: true });
roomSchema.index({ talkTime: -1, _id: -1 });
roomSchema.index({ unsentTime: 1 }, { sparse: true });

export interface MemberDocument extends Member {
  /** <room>/<account> */
  readonly _id: string;
}

const memberSchema = new Schema<MemberDocument>(
  {
    _id: { type: String, required: true },
    roomId: { type: String, required: true },
    accountId: { type: String, required: true },
    nickname: { type: String, default: '' },
    joinTime: { type: Date, required: true },
    leaveTime: Date,
    muteEndTime: Date,
    readSequence: { type: Number, required: true },
  },
  { ...documentOptions, collection: 'members' },
);
memberSchema.index({ accountId: 1, roomId: 1 });
memberSchema.index({ roomId: 1, leaveTime: 1 });

export interface EntryDocument extends Omit<Entry, 'nonce' | 'content' | 'purgeTime'>, WithOutbox {
  /** <room>/<sequence> */
  readonly _id: string;
  readonly content?: Content | undefined;
  readonly nonce?: string | undefined;
  readonly purgeTime?: Date | undefined;
  /** <room>/<author>/<request>: a wish that is sent again is found by it. */
  readonly clientKey?: string | undefined;
  /** What the text can be found by. Erased with the content. */
  readonly grams?: readonly string[] | undefined;
  /** The batch of a purge that is about to erase it; a hold takes that away. */
  readonly purgeClaim?: string | undefined;
}

const contentSchema = new Schema<Content>(
  { text: { type: String, default: '' }, imageUrls: [String], replyTo: { type: Number, required: true }, mentions: [String] },
  { ...documentOptions, _id: false },
);

const entrySchema = new Schema<EntryDocument>(
  {
    _id: { type: String, required: true },
    roomId: { type: String, required: true },
    sequence: { type: Number, required: true },
    projectId: { type: String, required: true },
    time: { type: Date, required: true },
    authorId: { type: String, required: true },
    mark: { type: String, required: true },
    kind: { type: String, required: true },
    target: { type: Number, required: true },
    content: contentSchema,
    nonce: String,
    commitment: { type: String, required: true },
    previous: { type: String, required: true },
    hash: { type: String, required: true },
    purgeTime: Date,
    clientKey: String,
    grams: { type: [String], default: undefined },
    purgeClaim: String,
    ...outboxFields,
  },
  { ...documentOptions, collection: 'entries' },
);
// The decision: who inserts a sequence has it.
entrySchema.index({ roomId: 1, sequence: 1 }, { unique: true });
entrySchema.index({ clientKey: 1 }, { unique: true, sparse: true });
entrySchema.index({ roomId: 1, kind: 1, sequence: 1 });
entrySchema.index({ roomId: 1, target: 1, sequence: 1 });
entrySchema.index({ unsentTime: 1 }, { sparse: true });
// Of the archive: what is searched comes by time, the newest first; what is purged by time, the oldest first.
entrySchema.index({ grams: 1, time: -1, sequence: -1, roomId: -1 });
entrySchema.index({ authorId: 1, time: -1, sequence: -1, roomId: -1 });
entrySchema.index({ roomId: 1, time: -1, sequence: -1 });
entrySchema.index({ time: -1, sequence: -1, roomId: -1 });
entrySchema.index({ purgeTime: 1, time: 1, _id: 1 });
entrySchema.index({ purgeClaim: 1 }, { sparse: true });

export interface ReportDocument {
  readonly _id: string;
  readonly roomId: string;
  readonly sequence: number;
  readonly state: 'OPEN' | 'UPHELD' | 'DISMISSED';
  readonly reporterCount: number;
  readonly createTime: Date;
  readonly decideTime?: Date | undefined;
  readonly deciderId?: string | undefined;
}

const reportSchema = new Schema<ReportDocument>(
  {
    _id: { type: String, required: true },
    roomId: { type: String, required: true },
    sequence: { type: Number, required: true },
    state: { type: String, enum: ['OPEN', 'UPHELD', 'DISMISSED'], required: true },
    reporterCount: { type: Number, required: true },
    createTime: { type: Date, required: true },
    decideTime: Date,
    deciderId: String,
  },
  { ...documentOptions, collection: 'reports' },
);
reportSchema.index({ roomId: 1, sequence: 1 }, { unique: true });
reportSchema.index({ state: 1, createTime: 1, _id: 1 });

export interface ComplaintDocument {
  /** <report>/<account> */
  readonly _id: string;
  readonly reportId: string;
  readonly accountId: string;
  readonly reason: string;
  readonly createTime: Date;
}

const complaintSchema = new Schema<ComplaintDocument>(
  {
    _id: { type: String, required: true },
    reportId: { type: String, required: true },
    accountId: { type: String, required: true },
    reason: { type: String, required: true },
    createTime: { type: Date, required: true },
  },
  { ...documentOptions, collection: 'complaints' },
);
complaintSchema.index({ reportId: 1, createTime: -1 });

export interface ClosedAccountDocument {
  /** The account. */
  readonly _id: string;
  readonly closeTime: Date;
}

const closedAccountSchema = new Schema<ClosedAccountDocument>(
  { _id: { type: String, required: true }, closeTime: { type: Date, required: true } },
  { ...documentOptions, collection: 'closed_accounts' },
);

export interface Models extends ArchiveModels {
  readonly rooms: Model<RoomDocument>;
  readonly members: Model<MemberDocument>;
  readonly entries: Model<EntryDocument>;
  readonly reports: Model<ReportDocument>;
  readonly complaints: Model<ComplaintDocument>;
  readonly closedAccounts: Model<ClosedAccountDocument>;
}

export const openModels = (connection: Connection): Models => ({
  rooms: connection.model<RoomDocument>('Room', roomSchema),
  members: connection.model<MemberDocument>('Member', memberSchema),
  entries: connection.model<EntryDocument>('Entry', entrySchema),
  reports: connection.model<ReportDocument>('Report', reportSchema),
  complaints: connection.model<ComplaintDocument>('Complaint', complaintSchema),
  closedAccounts: connection.model<ClosedAccountDocument>('ClosedAccount', closedAccountSchema),
  ...openArchiveModels(connection),
});

/** Collections whose documents carry events. */
export const WITH_OUTBOX = ['rooms', 'entries', 'holds'] as const;
