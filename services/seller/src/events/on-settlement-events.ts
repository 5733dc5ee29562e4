import { PayoutPaid, SettlementCreated } from '@moa/contracts/payment/v1/payment_events';
import { on } from '@moa/kit';
import type { PrismaClient } from '../generated/client.js';
import { savePayout, saveSettlement } from '../store/settlement-copies.js';

const onSettlementCreated = on<SettlementCreated, PrismaClient>(
  SettlementCreated,
  ({ settlementId, sellerId, projectId, net, createTime, periodStart, periodEnd }, tx, { time }) =>
    saveSettlement(tx, {
      id: settlementId,
      sellerId,
      projectId: projectId || null,
      currency: net!.currencyCode,
      netMinor: net!.amountMinor,
      createTime: createTime ?? time,
      periodStart: periodStart ?? null,
      periodEnd: periodEnd ?? null,
    }),
);

const onPayoutPaid = on<PayoutPaid, PrismaClient>(PayoutPaid, ({ payoutId, settlementId, amount, payTime }, tx, { time }) =>
  savePayout(tx, { id: payoutId, settlementId, amountMinor: amount!.amountMinor, payTime: payTime ?? time }),
);

export const onSettlementEvents = [onSettlementCreated, onPayoutPaid];
