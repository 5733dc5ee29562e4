import type { FulfilmentServiceDefinition } from '@moa/contracts/funding/v1/fulfilment_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { refundRequestToProto } from '../convert.js';
import { isInsider } from '../domain/project.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findProject } from '../store/projects.js';
import { listRefundRequests as readRequests } from '../store/refunds.js';

type ListRefundRequests = Handler<typeof FulfilmentServiceDefinition.methods.listRefundRequests>;

export const listRefundRequests =
  ({ db }: Context): ListRefundRequests =>
  async ({ projectId, pageSize, pageToken }, { caller }) => {
    const project = projectId ? await findProject(db.client, projectId) : undefined;
    const isAllowed = projectId ? project !== undefined && isInsider(caller, project) : caller.roles.includes('ADMIN');
    if (!isAllowed) throw fail('PROJECT_NOT_FOUND');
    const filter = ['refund-requests', projectId ?? ''];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const { items, nextPageToken } = pageOf(await readRequests(db.client, projectId, after, size + 1), size, ({ id }) => [id], filter);
    return { refundRequests: items.map(refundRequestToProto), nextPageToken };
  };
