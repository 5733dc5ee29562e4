import { kitFail, type TimeKeyset } from '@moa/kit';
import { beyond, isDuplicate } from '@moa/kit/mongo';
import mongoose from 'mongoose';
import { expectDecidable } from '../domain/approval.js';
import { factsOf } from '../domain/query.js';
import { fail } from '../errors.js';
import type { ApprovalDocument } from './archive-models.js';
import type { Models } from './models.js';

const { trusted } = mongoose;

export type ApprovalState = ApprovalDocument['state'];

/** Keeps a wish once; sent again, it gives what has become of it. */
export async function addApproval({ approvals }: Models, wish: ApprovalDocument): Promise<ApprovalDocument> {
  try {
    await approvals.create(wish);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const found = (await approvals.findById(wish._id).lean())!;
  const facts = ({ kind, caseId, format, holdId, query }: ApprovalDocument) =>
    JSON.stringify([kind, caseId, format, holdId, query && factsOf(query)]);
  if (facts(found) !== facts(wish)) throw kitFail('REQUEST_ID_REUSED');
  return found;
}

export async function findApproval({ approvals }: Models, id: string): Promise<ApprovalDocument> {
  const found = await approvals.findById(id).lean();
  if (!found) throw fail('APPROVAL_NOT_FOUND');
  return found;
}

export interface Decision {
  readonly state: 'APPROVED' | 'REJECTED';
  readonly deciderId: string;
  readonly at: Date;
  /** Of an approval: until then it is good. */
  readonly expireTime?: Date | undefined;
}

/** Decides a wish of somebody else, once; whoever decided the same way gets the same answer. */
export async function decideApproval(
  models: Models,
  id: string,
  { state, deciderId, at, expireTime }: Decision,
): Promise<ApprovalDocument> {
  const found = await findApproval(models, id);
  if (found.state === state && found.deciderId === deciderId) return found;
  expectDecidable(found, deciderId, at);
  const decided = await models.approvals
    .findOneAndUpdate(
      { _id: id, state: 'WAITING', requesterId: trusted({ $ne: deciderId }), expireTime: trusted({ $gt: at }) },
      { $set: { state, deciderId, decideTime: at, ...(expireTime && { expireTime }) } },
      { returnDocument: 'after' },
    )
    .lean();
  // Somebody else was quicker.
  return decided ?? decideApproval(models, id, { state, deciderId, at, expireTime });
}

/** The newest first. */
export function listApprovals(
  { approvals }: Models,
  state: ApprovalState | undefined,
  after: TimeKeyset | undefined,
  limit: number,
): Promise<ApprovalDocument[]> {
  return approvals
    .find({ ...(state && { state }), ...beyond('createTime', '$lt', after) })
    .sort({ createTime: -1, _id: -1 })
    .limit(limit)
    .lean();
}
