import { type CouponAdminServiceDefinition, GenerateCodesResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { jobToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findCampaign } from '../store/campaigns.js';
import { insertJob } from '../store/issue.js';

type GenerateCodes = Handler<typeof CouponAdminServiceDefinition.methods.generateCodes>;

export const generateCodes =
  ({ db }: Context): GenerateCodes =>
  ({ campaignId, count }, call) =>
    once(db, call, GenerateCodesResponse, async (tx) => {
      const { codeKind, state } = await findCampaign(tx, campaignId);
      if (codeKind !== 'UNIQUE') throw fail('CAMPAIGN_HAS_NO_CODES', { campaignId });
      if (state === 'ENDED') throw fail('CAMPAIGN_ENDED', { campaignId });
      const job = await insertJob(tx, { campaignId, kind: 'CODES', state: 'RUNNING', totalCount: BigInt(count), createTime: call.at });
      return { job: jobToProto(job) };
    });
