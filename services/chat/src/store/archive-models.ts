// The documents of the archive, besides the entries themselves. Indexes are made by the migration step.
import { documentOptions, outboxFields, type WithOutbox } from '@moa/kit/mongo';
import { type Connection, type Model, Schema } from 'mongoose';
import type { Reach } from '../domain/hold.js';
import type { ArchiveQuery } from '../domain/query.js';
import type { AccessRecord } from '../domain/record.js';
import type { Policy } from '../domain/retention.js';

const text = { type: String, required: true } as const;
const whole = { type: Number, required: true } as const;
const moment = { type: Date, required: true } as const;

export interface AccessRecordDocument extends AccessRecord {
  /** The sequence: who inserts it has it. */
  readonly _id: number;
}

const accessSchema = new Schema<AccessRecordDocument>(
  {
    _id: whole,
    sequence: whole,
    time: moment,
    accountId: text,
    action: text,
    caseId: text,
    purpose: text,
    detail: text,
    previous: text,
    hash: text,
  },
  { ...documentOptions, collection: 'access_log' },
);
accessSchema.index({ accountId: 1, _id: -1 });
accessSchema.index({ caseId: 1, _id: -1 });

export interface CheckpointDocument {
  /** <room>/<number>: who inserts it has it. */
  readonly _id: string;
  readonly roomId: string;
  /** 1, 2, 3 ... in the room. */
  readonly number: number;
  readonly size: number;
  readonly root: string;
  readonly head: string;
  readonly time: Date;
  readonly previous: string;
  readonly keyId: string;
  /** Hex. */
  readonly signature: string;
}

const checkpointSchema = new Schema<CheckpointDocument>(
  {
    _id: text,
    roomId: text,
    number: whole,
    size: whole,
    root: text,
    head: text,
    time: moment,
    previous: text,
    keyId: text,
    signature: text,
  },
  { ...documentOptions, collection: 'checkpoints' },
);
checkpointSchema.index({ roomId: 1, number: 1 }, { unique: true });
checkpointSchema.index({ roomId: 1, size: 1 });

export interface HoldDocument extends Reach, WithOutbox {
  readonly _id: string;
  readonly caseId: string;
  readonly purpose: string;
  readonly creatorId: string;
  readonly createTime: Date;
  /** From then on it is sure that nothing of it is erased; it was not answered before. */
  readonly effectiveTime?: Date | undefined;
  readonly releaseTime?: Date | undefined;
}

const holdSchema = new Schema<HoldDocument>(
  {
    _id: text,
    caseId: text,
    purpose: text,
    creatorId: text,
    roomId: String,
    projectId: String,
    authorId: String,
    startTime: Date,
    endTime: Date,
    createTime: moment,
    effectiveTime: Date,
    releaseTime: Date,
    ...outboxFields,
  },
  { ...documentOptions, collection: 'holds' },
);
holdSchema.index({ createTime: -1, _id: -1 });
holdSchema.index({ releaseTime: 1, createTime: -1, _id: -1 });
holdSchema.index({ unsentTime: 1 }, { sparse: true });

export interface ApprovalDocument {
  readonly _id: string;
  readonly kind: 'EXPORT' | 'RELEASE_HOLD';
  readonly state: 'WAITING' | 'APPROVED' | 'REJECTED';
  readonly caseId: string;
  readonly purpose: string;
  readonly requesterId: string;
  readonly deciderId?: string | undefined;
  readonly createTime: Date;
  readonly decideTime?: Date | undefined;
  readonly expireTime: Date;
  readonly query?: ArchiveQuery | undefined;
  readonly format?: 'NDJSON' | 'CSV' | undefined;
  readonly holdId?: string | undefined;
}

const querySchema = new Schema<ArchiveQuery>(
  {
    text: { type: String, default: '' },
    roomId: String,
    projectId: String,
    authorId: String,
    kind: String,
    startTime: Date,
    endTime: Date,
    reported: Boolean,
    deleted: Boolean,
    hidden: Boolean,
  },
  { ...documentOptions, _id: false },
);

const approvalSchema = new Schema<ApprovalDocument>(
  {
    _id: text,
    kind: text,
    state: text,
    caseId: text,
    purpose: text,
    requesterId: text,
    deciderId: String,
    createTime: moment,
    decideTime: Date,
    expireTime: moment,
    query: querySchema,
    format: String,
    holdId: String,
  },
  { ...documentOptions, collection: 'approvals' },
);
approvalSchema.index({ createTime: -1, _id: -1 });
approvalSchema.index({ state: 1, createTime: -1, _id: -1 });

export interface PolicyDocument extends Policy {
  readonly _id: string;
}

const policySchema = new Schema<PolicyDocument>(
  { _id: text, version: whole, days: whole, projects: [{ _id: false, projectId: text, days: whole }] },
  { ...documentOptions, collection: 'retention_policies' },
);

export interface RetentionReportDocument {
  readonly _id: string;
  readonly startTime: Date;
  readonly endTime?: Date | undefined;
  readonly purgedCount: number;
  readonly heldCount: number;
  readonly holdIds: readonly string[];
  readonly oldestTime?: Date | undefined;
}

const reportSchema = new Schema<RetentionReportDocument>(
  { _id: text, startTime: moment, endTime: Date, purgedCount: whole, heldCount: whole, holdIds: [String], oldestTime: Date },
  { ...documentOptions, collection: 'retention_reports' },
);
reportSchema.index({ startTime: -1, _id: -1 });

export interface ArchiveModels {
  readonly accessRecords: Model<AccessRecordDocument>;
  readonly checkpoints: Model<CheckpointDocument>;
  readonly holds: Model<HoldDocument>;
  readonly approvals: Model<ApprovalDocument>;
  readonly policies: Model<PolicyDocument>;
  readonly retentionReports: Model<RetentionReportDocument>;
}

export const openArchiveModels = (connection: Connection): ArchiveModels => ({
  accessRecords: connection.model<AccessRecordDocument>('AccessRecord', accessSchema),
  checkpoints: connection.model<CheckpointDocument>('Checkpoint', checkpointSchema),
  holds: connection.model<HoldDocument>('Hold', holdSchema),
  approvals: connection.model<ApprovalDocument>('Approval', approvalSchema),
  policies: connection.model<PolicyDocument>('Policy', policySchema),
  retentionReports: connection.model<RetentionReportDocument>('RetentionReport', reportSchema),
});
