import type { CouponAdminServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, transaction } from '@moa/kit';
import { campaignToProto } from '../convert.js';
import { widened } from '../domain/campaign.js';
import type { Context } from '../service.js';
import { lockCampaign, saveCampaign } from '../store/campaigns.js';

type UpdateCampaign = Handler<typeof CouponAdminServiceDefinition.methods.updateCampaign>;

export const updateCampaign =
  ({ db, door }: Context): UpdateCampaign =>
  async ({ id, totalLimit, ...wider }) => {
    const campaign = await transaction(db, async (tx) =>
      saveCampaign(tx, widened(await lockCampaign(tx, id), { ...wider, totalLimit: BigInt(totalLimit) })),
    );
    await door.forget(id);
    return { campaign: campaignToProto(campaign) };
  };
