import { type CouponAdminServiceDefinition, StartIssueListResponse } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { jobToProto } from '../convert.js';
import type { Context } from '../service.js';
import { lockOpenList, startJob } from '../store/issue.js';

type StartIssueList = Handler<typeof CouponAdminServiceDefinition.methods.startIssueList>;

export const startIssueList =
  ({ db }: Context): StartIssueList =>
  ({ jobId }, call) =>
    once(db, call, StartIssueListResponse, async (tx) => ({ job: jobToProto(await startJob(tx, await lockOpenList(tx, jobId))) }));
