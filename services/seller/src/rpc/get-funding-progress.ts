import type { SellerDashboardServiceDefinition } from '@moa/contracts/seller/v1/dashboard_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { progressToProto } from '../convert-dashboard.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findFreshTime } from '../store/freshness.js';
import { sumPledges } from '../store/pledge-copies.js';
import { findOwnProject, listRunningProjects } from '../store/project-copies.js';

type GetFundingProgress = Handler<typeof SellerDashboardServiceDefinition.methods.getFundingProgress>;

export const getFundingProgress =
  ({ db }: Context): GetFundingProgress =>
  async ({ projectId, pageSize, pageToken }, { caller }) => {
    const sellerId = caller.accountId;
    // Read first: what comes in meanwhile makes the answer fresher than it says.
    const asOf = await findFreshTime(db, 'funding');
    const { items, nextPageToken } = projectId === undefined ? await running() : { items: [await own(projectId)], nextPageToken: '' };
    const sums = await sumPledges(
      db,
      items.map(({ id }) => id),
    );
    return { projects: items.map((project) => progressToProto(project, sums.get(project.id))), nextPageToken, asOf };

    async function own(id: string) {
      const project = await findOwnProject(db, sellerId, id);
      if (!project) throw fail('PROJECT_NOT_FOUND');
      return project;
    }

    async function running() {
      const filter = ['running', sellerId];
      const size = pageSizeOf(pageSize);
      const after = readTimeToken(pageToken, filter);
      const rows = await listRunningProjects(db, { sellerId, after, limit: size + 1 });
      return pageOf(rows, size, ({ closeTime, id }) => [closeTime!.toISOString(), id], filter);
    }
  };
