import type { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import type { Handler } from '@moa/kit';
import { instantPaymentToProto } from '../convert-instant.js';
import { ownedBy } from '../domain/payment.js';
import type { Context } from '../service.js';
import { findByOrder } from '../store/instant-payments.js';

type GetPayment = Handler<typeof InstantPaymentServiceDefinition.methods.getPayment>;

export const getOrderPayment =
  ({ db }: Context): GetPayment =>
  async ({ orderId }, { caller }) => {
    const payment = ownedBy(caller.accountId, await findByOrder(db, orderId));
    return { payment: instantPaymentToProto(payment) };
  };
