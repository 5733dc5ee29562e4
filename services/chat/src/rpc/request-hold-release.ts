import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { type Handler, requestIdOf } from '@moa/kit';
import { approvalToProto } from '../convert-archive.js';
import { expiryFrom } from '../domain/approval.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { addApproval } from '../store/approvals.js';
import { findHold } from '../store/holds.js';

type RequestHoldRelease = Handler<typeof ArchiveServiceDefinition.methods.requestHoldRelease>;

export const requestHoldRelease =
  ({ models }: Context): RequestHoldRelease =>
  async ({ requestId, cause, holdId }, { caller, at }) => {
    const _id = requestIdOf(`release ${caller.accountId} ${requestId}`);
    const isNew = !(await models.approvals.exists({ _id }));
    if (isNew && (await findHold(models, holdId)).releaseTime) throw fail('HOLD_RELEASED');
    const { caseId, purpose } = cause!;
    const approval = await addApproval(models, {
      _id,
      kind: 'RELEASE_HOLD',
      state: 'WAITING',
      caseId,
      purpose,
      requesterId: caller.accountId,
      createTime: at,
      expireTime: expiryFrom(at),
      holdId,
    });
    return { request: approvalToProto(approval) };
  };
