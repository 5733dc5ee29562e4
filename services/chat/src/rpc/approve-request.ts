import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { approvalToProto } from '../convert-archive.js';
import { expiryFrom } from '../domain/approval.js';
import type { Context } from '../service.js';
import { decideApproval } from '../store/approvals.js';
import { releaseHold } from '../store/holds.js';

type ApproveRequest = Handler<typeof ArchiveServiceDefinition.methods.approveRequest>;

export const approveRequest =
  ({ db, models, clock }: Context): ApproveRequest =>
  async ({ id }, { caller, at, trace }) => {
    const decision = { state: 'APPROVED', deciderId: caller.accountId, at, expireTime: expiryFrom(at) } as const;
    const approval = await decideApproval(models, id, decision);
    if (approval.holdId !== undefined) {
      // After a kill in between the hold lasts until this is sent again: it errs on the side of keeping.
      await releaseHold(models, approval.holdId, { at: clock.now(), trace });
      db.wakeRelay();
    }
    return { request: approvalToProto(approval) };
  };
