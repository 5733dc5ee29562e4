import { CreatePaymentResponse, type InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { claimFirst, crashPoint, type Handler } from '@moa/kit';
import { instantPaymentToProto, orderFromProto } from '../convert-instant.js';
import { checkOrder, type InstantPayment } from '../domain/instant-payment.js';
import { fail } from '../errors.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { createInstantPayment, openCheckout } from '../store/instant-payments.js';

type CreatePayment = Handler<typeof InstantPaymentServiceDefinition.methods.createPayment>;

const RETRY_MS = 1_000;

export const createPayment =
  (context: Context): CreatePayment =>
  (request, call) =>
    claimFirst(context.db, call, CreatePaymentResponse, async () => {
      const order = checkOrder(orderFromProto(request), call.at);
      const stored = await createInstantPayment(context.db, call, order);
      crashPoint('payment.order.stored');
      const payment = stored.state === 'CREATED' ? await open(context, stored, call.at) : stored;
      return { payment: instantPaymentToProto(payment) };
    });

async function open({ db, provider }: Context, payment: InstantPayment, at: Date): Promise<InstantPayment> {
  const { orderId, orderName, currency, amountMinor, returnUrl, expireTime } = payment;
  const lifetimeMs = expireTime.getTime() - at.getTime();
  try {
    const { url } = await provider.openCheckout({ orderId, orderName, currency, amountMinor, returnUrl, lifetimeMs });
    crashPoint('payment.checkout.opened');
    return await openCheckout(db, payment.id, url);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
  }
}
