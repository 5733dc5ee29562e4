import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { ListProjectsRequest_Order } from '@moa/contracts/funding/v1/project_service';
import { type Handler, invalid, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { phaseName, projectToProto } from '../convert.js';
import type { Context } from '../service.js';
import { KEYS, keysOf, listPublicProjects, type Order } from '../store/project-lists.js';

type ListProjects = Handler<typeof ProjectServiceDefinition.methods.listProjects>;

const ORDERS: Record<ListProjectsRequest_Order, Order> = {
  [ListProjectsRequest_Order.ORDER_UNSPECIFIED]: 'NEWEST',
  [ListProjectsRequest_Order.ORDER_NEWEST]: 'NEWEST',
  [ListProjectsRequest_Order.ORDER_ENDING_SOON]: 'ENDING_SOON',
  [ListProjectsRequest_Order.ORDER_POPULAR]: 'POPULAR',
};

export const listProjects =
  ({ db }: Context): ListProjects =>
  async ({ category, phase: phaseNumber, order: orderNumber, titleContains, pageSize, pageToken }, { at }) => {
    const phase = phaseName(phaseNumber);
    if (phase === 'HIDDEN') throw invalid([{ field: 'phase', description: 'must be a public one' }]);
    const order = ORDERS[orderNumber];
    const titlePart = titleContains.trim();
    const filter = ['public', category, phase, order, titlePart];
    const size = pageSizeOf(pageSize);
    const after = readPageToken(pageToken, filter, KEYS[order]);
    const rows = await listPublicProjects(db.client, { category, phase, titlePart, order, at, after, limit: size + 1 });
    const { items, nextPageToken } = pageOf(rows, size, keysOf(order), filter);
    return { projects: items.map((project) => projectToProto(project, at)), nextPageToken };
  };
