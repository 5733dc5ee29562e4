import { type ReconciliationServiceDefinition, RunReconciliationResponse } from '@moa/contracts/payment/v1/reconciliation_service';
import { type Handler, once } from '@moa/kit';
import { reportToProto } from '../convert.js';
import type { Context } from '../service.js';
import { findReport, startReconciliation } from '../store/reconciliations.js';

type RunReconciliation = Handler<typeof ReconciliationServiceDefinition.methods.runReconciliation>;

export const runReconciliation =
  ({ db, wakeReconciliation }: Context): RunReconciliation =>
  async (_, call) => {
    const response = await once(db, call, RunReconciliationResponse, async (tx) => {
      const id = await startReconciliation(tx, call, call.caller.accountId);
      return { reconciliation: reportToProto((await findReport(tx, id))!) };
    });
    wakeReconciliation();
    return response;
  };
