import type { CouponAdminServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import type { Handler } from '@moa/kit';
import { statsToProto } from '../convert.js';
import type { Context } from '../service.js';
import { countCoupons, findCampaign } from '../store/campaigns.js';
import { countCodes } from '../store/issue.js';

type GetCampaignStats = Handler<typeof CouponAdminServiceDefinition.methods.getCampaignStats>;

export const getCampaignStats =
  ({ db }: Context): GetCampaignStats =>
  async ({ campaignId }) => {
    const campaign = await findCampaign(db.client, campaignId);
    const [counts, codes] = await Promise.all([countCoupons(db.client, campaignId), countCodes(db.client, campaignId)]);
    return { stats: statsToProto(campaign, counts, codes) };
  };
