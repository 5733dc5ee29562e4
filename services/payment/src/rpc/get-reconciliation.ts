import type { ReconciliationServiceDefinition } from '@moa/contracts/payment/v1/reconciliation_service';
import type { Handler } from '@moa/kit';
import { reportToProto } from '../convert.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findReport } from '../store/reconciliations.js';

type GetReconciliation = Handler<typeof ReconciliationServiceDefinition.methods.getReconciliation>;

export const getReconciliation =
  ({ db }: Context): GetReconciliation =>
  async ({ id }) => {
    const report = await findReport(db.client, id);
    if (!report) throw fail('RECONCILIATION_NOT_FOUND', { id });
    return { reconciliation: reportToProto(report) };
  };
