import { type CouponAdminServiceDefinition, EndCampaignResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { campaignToProto } from '../convert.js';
import { moved } from '../domain/campaign.js';
import type { Context } from '../service.js';
import { lockCampaign, saveCampaign } from '../store/campaigns.js';

type EndCampaign = Handler<typeof CouponAdminServiceDefinition.methods.endCampaign>;

export const endCampaign =
  ({ db }: Context): EndCampaign =>
  ({ id }, call) =>
    once(db, call, EndCampaignResponse, async (tx) => ({
      campaign: campaignToProto(await saveCampaign(tx, moved(await lockCampaign(tx, id), 'ENDED'))),
    }));
