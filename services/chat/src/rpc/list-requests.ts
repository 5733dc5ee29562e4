import { ApprovalRequest_State } from '@moa/contracts/chat/v1/archive';
import type { ArchiveServiceDefinition } from '@moa/contracts/chat/v1/archive_service';
import { enumName, type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { approvalToProto } from '../convert-archive.js';
import type { Context } from '../service.js';
import { type ApprovalState, listApprovals } from '../store/approvals.js';

type ListRequests = Handler<typeof ArchiveServiceDefinition.methods.listRequests>;

export const listRequests =
  ({ models }: Context): ListRequests =>
  async ({ state: wanted, pageSize, pageToken }) => {
    const state = enumName<ApprovalState>(ApprovalRequest_State, wanted, 'STATE_');
    const filter = [state ?? ''];
    const size = pageSizeOf(pageSize);
    const rows = await listApprovals(models, state, readTimeToken(pageToken, filter), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ createTime, _id }) => [createTime.toISOString(), _id], filter);
    return { requests: items.map(approvalToProto), nextPageToken };
  };
