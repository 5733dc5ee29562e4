import { type CouponAdminServiceDefinition, PauseCampaignResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { campaignToProto } from '../convert.js';
import { moved } from '../domain/campaign.js';
import type { Context } from '../service.js';
import { lockCampaign, saveCampaign } from '../store/campaigns.js';

type PauseCampaign = Handler<typeof CouponAdminServiceDefinition.methods.pauseCampaign>;

export const pauseCampaign =
  ({ db }: Context): PauseCampaign =>
  ({ id }, call) =>
    once(db, call, PauseCampaignResponse, async (tx) => ({
      campaign: campaignToProto(await saveCampaign(tx, moved(await lockCampaign(tx, id), 'PAUSED'))),
    }));
