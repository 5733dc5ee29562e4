import { CancelChargeResponse, type FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { claimFirst, type Handler } from '@moa/kit';
import { paymentToProto } from '../convert.js';
import type { Context } from '../service.js';
import { refundOfPledge } from '../work/refund-of-pledge.js';

type CancelCharge = Handler<typeof FundingPaymentServiceDefinition.methods.cancelCharge>;

export const cancelCharge =
  (context: Context): CancelCharge =>
  ({ requestId, pledgeId, reason }, call) =>
    claimFirst(context.db, call, CancelChargeResponse, async () => ({
      payment: paymentToProto(await refundOfPledge(context, call, { id: requestId, pledgeId, amountMinor: undefined, reason })),
    }));
