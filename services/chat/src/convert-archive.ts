// The archive's domain <-> its contract.
import * as proto from '@moa/contracts/chat/v1/archive';
import { Entry_Kind, Mark } from '@moa/contracts/chat/v1/chat';
import { enumName } from '@moa/kit';
import { checkpointForm, type SignedCheckpoint } from '@moa/verify';
import { contentToProto, kindToProto } from './convert.js';
import type { Fault } from './domain/check.js';
import { says } from './domain/entry.js';
import type { Reach } from './domain/hold.js';
import type { ArchiveQuery } from './domain/query.js';
import type { AccessRecord } from './domain/record.js';
import type { Policy } from './domain/retention.js';
import type { Archived } from './store/archive-entries.js';
import type { ApprovalDocument, HoldDocument, RetentionReportDocument } from './store/archive-models.js';

const bytes = (hex: string | undefined): Buffer => Buffer.from(hex ?? '', 'hex');

export const archivedToProto = ({ entry, edited, deleted, hidden, reported }: Archived): proto.ArchivedEntry => ({
  roomId: entry.roomId,
  sequence: BigInt(entry.sequence),
  projectId: entry.projectId,
  kind: kindToProto(entry.kind),
  authorId: entry.authorId,
  mark: Mark[`MARK_${entry.mark}`],
  createTime: entry.time,
  target: BigInt(entry.target),
  content: says(entry) ? contentToProto(entry.content) : undefined,
  purgeTime: entry.purgeTime,
  edited,
  deleted,
  hidden,
  reported,
  nonce: bytes(entry.nonce),
  commitment: bytes(entry.commitment),
  previousHash: bytes(entry.previous),
  hash: bytes(entry.hash),
});

export const checkpointToProto = (checkpoint: SignedCheckpoint): proto.Checkpoint => ({
  roomId: checkpoint.room,
  size: BigInt(checkpoint.size),
  root: checkpoint.root,
  head: checkpoint.head,
  createTime: checkpoint.time,
  previous: checkpoint.previous,
  keyId: checkpoint.keyId,
  signature: checkpoint.signature,
  canonical: checkpointForm(checkpoint),
});

export const faultToProto = ({ sequence, kind, detail }: Fault): proto.Fault => ({
  sequence: BigInt(sequence),
  kind: proto.Fault_Kind[`KIND_${kind}`],
  detail,
});

const set = (text: string): string | undefined => (text === '' ? undefined : text);

interface ReachFields {
  readonly roomId: string;
  readonly projectId: string;
  readonly authorId: string;
  readonly startTime?: Date | undefined;
  readonly endTime?: Date | undefined;
}

export const reachOf = ({ roomId, projectId, authorId, startTime, endTime }: ReachFields): Reach => ({
  roomId: set(roomId),
  projectId: set(projectId),
  authorId: set(authorId),
  startTime,
  endTime,
});

export const queryOf = (query: proto.Query | undefined): ArchiveQuery => ({
  ...(query && reachOf(query)),
  text: query?.text ?? '',
  kind: query && enumName(Entry_Kind, query.kind, 'KIND_'),
  reported: query?.reported ?? false,
  deleted: query?.deleted ?? false,
  hidden: query?.hidden ?? false,
});

const queryToProto = (query: ArchiveQuery): proto.Query => ({
  text: query.text,
  roomId: query.roomId ?? '',
  projectId: query.projectId ?? '',
  authorId: query.authorId ?? '',
  kind: query.kind ? kindToProto(query.kind) : Entry_Kind.KIND_UNSPECIFIED,
  startTime: query.startTime,
  endTime: query.endTime,
  reported: query.reported,
  deleted: query.deleted,
  hidden: query.hidden,
});

export const holdToProto = (hold: HoldDocument): proto.Hold => ({
  id: hold._id,
  cause: { caseId: hold.caseId, purpose: hold.purpose },
  roomId: hold.roomId ?? '',
  projectId: hold.projectId ?? '',
  authorId: hold.authorId ?? '',
  startTime: hold.startTime,
  endTime: hold.endTime,
  createTime: hold.createTime,
  creatorId: hold.creatorId,
  releaseTime: hold.releaseTime,
});

export const approvalToProto = (approval: ApprovalDocument): proto.ApprovalRequest => ({
  id: approval._id,
  kind: proto.ApprovalRequest_Kind[`KIND_${approval.kind}`],
  state: proto.ApprovalRequest_State[`STATE_${approval.state}`],
  cause: { caseId: approval.caseId, purpose: approval.purpose },
  requesterId: approval.requesterId,
  deciderId: approval.deciderId ?? '',
  createTime: approval.createTime,
  decideTime: approval.decideTime,
  expireTime: approval.expireTime,
  query: approval.query && queryToProto(approval.query),
  format: approval.format ? proto.Format[`FORMAT_${approval.format}`] : proto.Format.FORMAT_UNSPECIFIED,
  holdId: approval.holdId ?? '',
});

export const recordToProto = (record: AccessRecord): proto.AccessRecord => ({
  sequence: BigInt(record.sequence),
  createTime: record.time,
  accountId: record.accountId,
  action: record.action,
  cause: { caseId: record.caseId, purpose: record.purpose },
  detail: record.detail,
  previousHash: bytes(record.previous),
  hash: bytes(record.hash),
});

export const policyToProto = ({ version, days, projects }: Policy): proto.RetentionPolicy => ({
  days,
  projects: projects.map(({ projectId, days: own }) => ({ projectId, days: own })),
  etag: String(version),
});

export const retentionReportToProto = (report: RetentionReportDocument): proto.RetentionReport => ({
  id: report._id,
  startTime: report.startTime,
  endTime: report.endTime,
  purgedCount: BigInt(report.purgedCount),
  heldCount: BigInt(report.heldCount),
  holdIds: [...report.holdIds],
  oldestTime: report.oldestTime,
});
