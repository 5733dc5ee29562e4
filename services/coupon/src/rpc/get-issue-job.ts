import type { CouponAdminServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import type { Handler } from '@moa/kit';
import { jobToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findJob } from '../store/issue.js';

type GetIssueJob = Handler<typeof CouponAdminServiceDefinition.methods.getIssueJob>;

export const getIssueJob =
  ({ db }: Context): GetIssueJob =>
  async ({ id }) => ({ job: jobToProto(await findJob(db.client, id)) });
