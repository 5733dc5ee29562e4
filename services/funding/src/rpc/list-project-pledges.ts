import type { PledgeServiceDefinition } from '@moa/contracts/funding/v1/pledge_service';
import { type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { pledgeToProto } from '../convert.js';
import { forSeller } from '../domain/pledge.js';
import { ownProject } from '../domain/project.js';
import type { Context } from '../service.js';
import { listPledgesOfProject } from '../store/pledges.js';
import { findProject } from '../store/projects.js';

type ListProjectPledges = Handler<typeof PledgeServiceDefinition.methods.listProjectPledges>;

export const listProjectPledges =
  ({ db }: Context): ListProjectPledges =>
  async ({ projectId, pageSize, pageToken }, { caller }) => {
    ownProject(caller.accountId, await findProject(db.client, projectId));
    const filter = ['project', projectId];
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, filter, ['id']) ?? [];
    const rows = await listPledgesOfProject(db.client, projectId, after, size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ id }) => [id], filter);
    return { pledges: items.map(forSeller).map(pledgeToProto), nextPageToken };
  };
