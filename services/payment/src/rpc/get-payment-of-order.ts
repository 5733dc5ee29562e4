import type { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import type { Handler } from '@moa/kit';
import { instantPaymentToProto } from '../convert-instant.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findByOrder } from '../store/instant-payments.js';

type GetPaymentOfOrder = Handler<typeof InstantPaymentServiceDefinition.methods.getPaymentOfOrder>;

export const getPaymentOfOrder =
  ({ db }: Context): GetPaymentOfOrder =>
  async ({ orderId }) => {
    const payment = await findByOrder(db, orderId);
    if (!payment) throw fail('PAYMENT_NOT_FOUND', { orderId });
    return { payment: instantPaymentToProto(payment) };
  };
