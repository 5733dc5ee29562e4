import type { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import type { Handler } from '@moa/kit';
import { paymentToProto } from '../convert.js';
import { ownedBy } from '../domain/payment.js';
import type { Context } from '../service.js';
import { findPayment } from '../store/payments.js';

type GetPayment = Handler<typeof FundingPaymentServiceDefinition.methods.getPayment>;

export const getPayment =
  ({ db }: Context): GetPayment =>
  async ({ pledgeId }, { caller }) => {
    const payment = ownedBy(caller.accountId, await findPayment(db, pledgeId));
    return { payment: paymentToProto(payment) };
  };
