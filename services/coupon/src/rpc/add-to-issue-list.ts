import { AddToIssueListResponse, type CouponAdminServiceDefinition } from '@moa/contracts/coupon/v1/coupon_service';
import { type Handler, once } from '@moa/kit';
import { jobToProto } from '../convert.js';
import type { Context } from '../service.js';
import { addToList, lockOpenList } from '../store/issue.js';

type AddToIssueList = Handler<typeof CouponAdminServiceDefinition.methods.addToIssueList>;

export const addToIssueList =
  ({ db }: Context): AddToIssueList =>
  ({ jobId, accountIds }, call) =>
    once(db, call, AddToIssueListResponse, async (tx) => ({
      job: jobToProto(await addToList(tx, await lockOpenList(tx, jobId), accountIds)),
    }));
