import { CancelChargeResponse, type FundingPaymentServiceDefinition } from '@moa/contracts/payment/v1/payment_service';
import { claimFirst, type Handler, type Origin } from '@moa/kit';
import { paymentToProto } from '../convert.js';
import { chargeToCancel, type Payment } from '../domain/payment.js';
import { fail } from '../errors.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { beginCancel, type Cancel, postponeCancel } from '../store/cancellations.js';
import { findPayment } from '../store/payments.js';
import { giveBack } from '../work/give-back.js';

type CancelCharge = Handler<typeof FundingPaymentServiceDefinition.methods.cancelCharge>;

const RETRY_MS = 1_000;

export const cancelCharge =
  (context: Context): CancelCharge =>
  ({ pledgeId, reason }, call) =>
    claimFirst(context.db, call, CancelChargeResponse, async () => {
      const payment = await load(context, pledgeId);
      const chargeId = chargeToCancel(payment);
      if (chargeId) {
        await beginCancel(context.db, call, payment.id, reason, context.leaseMs);
        await giveBackNow(context, call, { paymentId: payment.id, chargeId });
      }
      return { payment: paymentToProto(await load(context, pledgeId)) };
    });

async function load({ db }: Context, pledgeId: string): Promise<Payment> {
  const payment = await findPayment(db, pledgeId);
  if (!payment) throw fail('PAYMENT_NOT_FOUND', { pledgeId });
  return payment;
}

// It was begun, so it will be ended, by a repeat of this call or by the one who looks for what is due. This call cannot wait for that.
async function giveBackNow(context: Context, origin: Origin, cancel: Cancel): Promise<void> {
  try {
    await giveBack(context, origin, cancel);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    await postponeCancel(context.db, cancel.paymentId, RETRY_MS);
    throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
  }
}
