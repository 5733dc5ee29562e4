import { type InstantPaymentServiceDefinition, RefundPaymentResponse } from '@moa/contracts/payment/v1/instant_payment_service';
import { claimFirst, type Handler } from '@moa/kit';
import { instantPaymentToProto, lineFromProto } from '../convert-instant.js';
import { checkLines } from '../domain/instant-payment.js';
import type { Context } from '../service.js';
import { refundOfOrder } from '../work/refund-of-order.js';

type RefundPayment = Handler<typeof InstantPaymentServiceDefinition.methods.refundPayment>;

export const refundPayment =
  (context: Context): RefundPayment =>
  ({ requestId: id, orderId, amount, lines, reason }, call) => {
    const { currencyCode: currency, amountMinor } = amount!;
    const part = { currency, amountMinor, lines: checkLines(lines.map(lineFromProto), amountMinor) };
    return claimFirst(context.db, call, RefundPaymentResponse, async () => ({
      payment: instantPaymentToProto(await refundOfOrder(context, call, { id, orderId, part, reason })),
    }));
  };
