import { Campaign_State } from '@moa/contracts/coupon/v1/coupon';
import type { CouponAdminServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { enumName, type Handler, pageOf, pageSizeOf, readPageToken } from '@moa/kit';
import { campaignToProto } from '../convert.js';
import type { Context } from '../service.js';
import { listCampaigns as list } from '../store/campaigns.js';

type ListCampaigns = Handler<typeof CouponAdminServiceDefinition.methods.listCampaigns>;

export const listCampaigns =
  ({ db }: Context): ListCampaigns =>
  async ({ state, pageSize, pageToken }) => {
    const wanted = enumName(Campaign_State, state, 'STATE_');
    const size = pageSizeOf(pageSize);
    const [after] = readPageToken(pageToken, [wanted ?? ''], ['id']) ?? [];
    const { items, nextPageToken } = pageOf(await list(db.client, wanted, after, size + 1), size, ({ id }) => [id], [wanted ?? '']);
    return { campaigns: items.map(campaignToProto), nextPageToken };
  };
