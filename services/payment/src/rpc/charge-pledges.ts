import type { FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { crashPoint, type Handler } from '@moa/kit';
import { chargeFromProto, paymentToProto } from '../convert.js';
import { checkCharges } from '../domain/charge.js';
import type { Context } from '../service.js';
import { chargePledges as takeCharges } from '../store/payments.js';

type ChargePledges = Handler<typeof FundingPaymentServiceDefinition.methods.chargePledges>;

export const chargePledges =
  ({ db, wakeCharges }: Context): ChargePledges =>
  async (request, call) => {
    const charges = checkCharges(request.charges.map(chargeFromProto));
    const payments = await takeCharges(db, call, charges);
    crashPoint('payment.charge.taken');
    wakeCharges();
    return { payments: payments.map(paymentToProto) };
  };
