import type { CouponServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, pageOf, pageSizeOf, readTimeToken } from '@moa/kit';
import { claimableToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listClaimable, NEVER } from '../store/issue.js';

type ListClaimableCampaigns = Handler<typeof CouponServiceDefinition.methods.listClaimableCampaigns>;

export const listClaimableCampaigns =
  ({ db }: Context): ListClaimableCampaigns =>
  async ({ pageSize, pageToken }, { at }) => {
    const size = pageSizeOf(pageSize);
    const rows = await listClaimable(db.client, at, readTimeToken(pageToken), size + 1);
    const { items, nextPageToken } = pageOf(rows, size, ({ issueEndTime, id }) => [(issueEndTime ?? NEVER).toISOString(), id]);
    return { campaigns: items.map(claimableToProto), nextPageToken };
  };
