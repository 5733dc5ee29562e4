import type { ProjectServiceDefinition } from '@moa/contracts/funding/v1/project_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { ownProjectToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listProjectsInReview as listRows } from '../store/project-lists.js';

type ListProjectsInReview = Handler<typeof ProjectServiceDefinition.methods.listProjectsInReview>;

const FILTER = ['review'];

export const listProjectsInReview =
  ({ db }: Context): ListProjectsInReview =>
  async ({ pageSize, pageToken }, { at }) => {
    const size = pageSizeOf(pageSize);
    const rows = await listRows(db.client, readPageToken(pageToken, FILTER, ['time', 'id']), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ submitTime, id }) => [submitTime!.toISOString(), id], FILTER);
    return { projects: items.map((project) => ownProjectToProto(project, at)), nextPageToken };
  };
