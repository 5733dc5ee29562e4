import { type CouponAdminServiceDefinition, ResumeCampaignResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { campaignToProto } from '../convert.js';
import { moved } from '../domain/campaign.js';
import type { Context } from '../service.js';
import { lockCampaign, saveCampaign } from '../store/campaigns.js';

type ResumeCampaign = Handler<typeof CouponAdminServiceDefinition.methods.resumeCampaign>;

export const resumeCampaign =
  ({ db }: Context): ResumeCampaign =>
  ({ id }, call) =>
    once(db, call, ResumeCampaignResponse, async (tx) => ({
      campaign: campaignToProto(await saveCampaign(tx, moved(await lockCampaign(tx, id), 'ACTIVE'))),
    }));
