import { ConfirmPaymentResponse, type InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { claimFirst, type Handler } from '@moa/kit';
import { instantPaymentToProto } from '../convert-instant.js';
import type { Context } from '../service.js';
import { confirmPayment as approve } from '../work/confirm-payment.js';

type ConfirmPayment = Handler<typeof InstantPaymentServiceDefinition.methods.confirmPayment>;

export const confirmPayment =
  (context: Context): ConfirmPayment =>
  ({ orderId, paymentKey, amount }, call) => {
    const { currencyCode: currency, amountMinor } = amount!;
    const wanted = { orderId, payerId: call.caller.accountId, paymentKey, currency, amountMinor };
    return claimFirst(context.db, call, ConfirmPaymentResponse, async () => ({
      payment: instantPaymentToProto(await approve(context, call, wanted)),
    }));
  };
