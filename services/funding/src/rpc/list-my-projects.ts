import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { ownProjectToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listProjectsOfSeller } from '../store/project-lists.js';

type ListMyProjects = Handler<typeof ProjectServiceDefinition.methods.listMyProjects>;

export const listMyProjects =
  ({ db }: Context): ListMyProjects =>
  async ({ pageSize, pageToken }, { caller, at }) => {
    const filter = ['seller', caller.accountId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listProjectsOfSeller(db.client, caller.accountId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { projects: items.map((project) => ownProjectToProto(project, at)), nextPageToken };
  };
