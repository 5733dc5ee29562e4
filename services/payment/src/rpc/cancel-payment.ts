import { CancelPaymentResponse, type InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { claimFirst, type Handler } from '@moa/kit';
import { instantPaymentToProto } from '../convert-instant.js';
import type { Context } from '../service.js';
import { cancelUnpaid, findByOrder } from '../store/instant-payments.js';
import { refundOfOrder } from '../work/refund-of-order.js';

type CancelPayment = Handler<typeof InstantPaymentServiceDefinition.methods.cancelPayment>;

export const cancelPayment =
  (context: Context): CancelPayment =>
  ({ requestId, orderId, reason }, call) =>
    claimFirst(context.db, call, CancelPaymentResponse, async () => {
      // The provider is told by who looks for what is due: what it approves until then is given back.
      if (await cancelUnpaid(context.db, call, orderId)) context.wakeCloses();
      const payment = (await findByOrder(context.db, orderId))!;
      const ended = payment.state === 'CANCELED' || payment.state === 'EXPIRED';
      const after = ended ? payment : await refundOfOrder(context, call, { id: requestId, orderId, part: undefined, reason });
      return { payment: instantPaymentToProto(after) };
    });
