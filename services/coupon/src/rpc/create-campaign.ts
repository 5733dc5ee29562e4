import { type CouponAdminServiceDefinition, CreateCampaignResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { campaignToProto, planOf } from '../convert.js';
import { checkPlan } from '../domain/campaign.js';
import type { Context } from '../service.js';
import { insertCampaign } from '../store/campaigns.js';

type CreateCampaign = Handler<typeof CouponAdminServiceDefinition.methods.createCampaign>;

export const createCampaign =
  ({ db }: Context): CreateCampaign =>
  ({ terms }, call) => {
    const plan = checkPlan(planOf(terms!, call.at), call.at);
    return once(db, call, CreateCampaignResponse, async (tx) => ({ campaign: campaignToProto(await insertCampaign(tx, plan, call.at)) }));
  };
