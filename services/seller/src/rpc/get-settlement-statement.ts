import type { StatementServiceDefinition } from '@moa/contracts/seller/v1/statement_service';
import { type Handler, pageSizeOf } from '@moa/kit';
import type { Context } from '../service.js';

type GetSettlementStatement = Handler<typeof StatementServiceDefinition.methods.getSettlementStatement>;

export const getSettlementStatement =
  ({ payment }: Context): GetSettlementStatement =>
  ({ settlementId, pageSize, pageToken }, call) =>
    payment.getStatement({ settlementId, sellerId: call.caller.accountId, pageSize: pageSizeOf(pageSize), pageToken }, call);
