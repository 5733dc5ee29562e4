import { type FundingPaymentServiceDefinition, RefundChargeResponse } from '@moa/contracts/payment/v1/payment_service';
import { claimFirst, type Handler } from '@moa/kit';
import { paymentToProto } from '../convert.js';
import type { Context } from '../service.js';
import { refundOfPledge } from '../work/refund-of-pledge.js';

type RefundCharge = Handler<typeof FundingPaymentServiceDefinition.methods.refundCharge>;

export const refundCharge =
  (context: Context): RefundCharge =>
  ({ requestId, pledgeId, amount, reason }, call) => {
    const { amountMinor } = amount!;
    return claimFirst(context.db, call, RefundChargeResponse, async () => ({
      payment: paymentToProto(
        await refundOfPledge(context, call, { id: requestId, pledgeId, amountMinor, currency: amount!.currencyCode, reason }),
      ),
    }));
  };
