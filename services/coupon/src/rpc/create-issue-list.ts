import { type CouponAdminServiceDefinition, CreateIssueListResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { jobToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findCampaign } from '../store/campaigns.js';
import { insertJob } from '../store/issue.js';

type CreateIssueList = Handler<typeof CouponAdminServiceDefinition.methods.createIssueList>;

export const createIssueList =
  ({ db }: Context): CreateIssueList =>
  ({ campaignId }, call) =>
    once(db, call, CreateIssueListResponse, async (tx) => {
      await findCampaign(tx, campaignId);
      return { job: jobToProto(await insertJob(tx, { campaignId, kind: 'LIST', state: 'OPEN', createTime: call.at })) };
    });
