import type { CouponAdminServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import type { Handler } from '@moa/kit';
import { campaignToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findCampaign } from '../store/campaigns.js';

type GetCampaign = Handler<typeof CouponAdminServiceDefinition.methods.getCampaign>;

export const getCampaign =
  ({ db }: Context): GetCampaign =>
  async ({ id }) => ({ campaign: campaignToProto(await findCampaign(db.client, id)) });
