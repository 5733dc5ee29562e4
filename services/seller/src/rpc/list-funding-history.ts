import type { SellerDashboardServiceDefinition } from '@moa/contracts/seller/v1/dashboard_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { outcomeToProto } from '../convert-dashboard.js';
import type { Context } from '../service.js';
import { findFreshTime } from '../store/freshness.js';
import { sumPledges } from '../store/pledge-copies.js';
import { listEndedProjects } from '../store/project-copies.js';
import { sumSettlements } from '../store/settlement-copies.js';

type ListFundingHistory = Handler<typeof SellerDashboardServiceDefinition.methods.listFundingHistory>;

export const listFundingHistory =
  ({ db }: Context): ListFundingHistory =>
  async ({ pageSize, pageToken }, { caller }) => {
    const sellerId = caller.accountId;
    const filter = ['ended', sellerId];
    const size = pageSizeOf(pageSize);
    const after = readTimeToken(pageToken, filter);
    // Read first: what comes in meanwhile makes the answer fresher than it says.
    const asOf = await findFreshTime(db, 'funding', 'payment');
    const rows = await listEndedProjects(db, { sellerId, after, limit: size + 1 });
    const { items, nextPageToken } = pageOf(rows, size, ({ endTime, id }) => [endTime!.toISOString(), id], filter);
    const ids = items.map(({ id }) => id);
    const [pledges, settlements] = await Promise.all([sumPledges(db, ids), sumSettlements(db, ids)]);
    return {
      projects: items.map((project) => outcomeToProto(project, pledges.get(project.id), settlements.get(project.id))),
      nextPageToken,
      asOf,
    };
  };
