import type { ReviewServiceDefinition } from '@moa/contracts/review/v1/review_service';
import type { Handler } from '@moa/kit';
import type { Context } from '../service.js';
import { reportReview as report } from '../store/reports.js';

type ReportReview = Handler<typeof ReviewServiceDefinition.methods.reportReview>;

export const reportReview =
  ({ models }: Context): ReportReview =>
  async ({ id, reason }, { caller, at }) => {
    await report(models, id, { accountId: caller.accountId, reason, createTime: at });
    return {};
  };
