import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import type { Handler } from '@moa/kit';
import { approvalToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { decideApproval } from '../store/approvals.js';

type RejectRequest = Handler<typeof ArchiveServiceDefinition.methods.rejectRequest>;

export const rejectRequest =
  ({ models }: Context): RejectRequest =>
  async ({ id }, { caller, at }) => ({
    request: approvalToProto(await decideApproval(models, id, { state: 'REJECTED', deciderId: caller.accountId, at })),
  });
