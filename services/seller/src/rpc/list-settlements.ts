import type { SellerDashboardServiceDefinition } from '@moa/contracts/seller/v1/dashboard_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { settlementToProto } from '../convert-dashboard.js';
import type { Context } from '../service.js';
import { findFreshTime } from '../store/freshness.js';
import { listSettlements as readSettlements } from '../store/settlement-copies.js';

type ListSettlements = Handler<typeof SellerDashboardServiceDefinition.methods.listSettlements>;

export const listSettlements =
  ({ db }: Context): ListSettlements =>
  async ({ pageSize, pageToken }, { caller }) => {
    const sellerId = caller.accountId;
    const filter = ['settlements', sellerId];
    const size = pageSizeOf(pageSize);
    const after = readTimeToken(pageToken, filter);
    // Read first: what comes in meanwhile makes the answer fresher than it says.
    const asOf = await findFreshTime(db, 'payment');
    const rows = await readSettlements(db, { sellerId, after, limit: size + 1 });
    const { items, nextPageToken } = pageOf(rows, size, ({ createTime, id }) => [createTime.toISOString(), id], filter);
    return { settlements: items.map(settlementToProto), nextPageToken, asOf };
  };
