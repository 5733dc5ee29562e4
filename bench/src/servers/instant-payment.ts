// Stands for payment and the buyer beside a benchmark of orders: a payment that is opened is paid at once, and told by its event.
import { InstantPayment, InstantPayment_State } from '@moa/contracts/payment/v1/instant_payment';
import { InstantPaymentServiceDefinition } from '@moa/contracts/payment/v1/instant_payment_service';
import { PaymentCompleted } from '@moa/contracts/payment/v1/payment_events';
import { connectNats, ensureStream, hostVariables, type Implementation, newId, openHost, readConfig } from '@moa/kit';
import { headers } from '@nats-io/transport-node';

const config = readConfig(hostVariables, process.env);
const { connection, ...nats } = await connectNats('payment', config.NATS_URL!.reveal(), '');
await ensureStream({ connection, ...nats }, 'payment', { maxBytes: 2 ** 30, maxAgeDays: 1 });

const host = await openHost('payment', config);
const handlers: Partial<Implementation<typeof InstantPaymentServiceDefinition>> = {
  async createPayment({ orderId, payerId, amount }) {
    const event = PaymentCompleted.fromPartial({ paymentId: orderId, orderId, payerId, amount, attempt: 1 });
    const values = headers();
    values.set('Nats-Msg-Id', newId());
    values.set('Moa-Time', new Date().toISOString());
    values.set('Moa-Version', '2');
    // The buyer is as quick as can be: after the answer is on its way.
    setImmediate(() => {
      void nats.jetstream.publish(nats.subjects.subjectOf(PaymentCompleted.$type, orderId), PaymentCompleted.encode(event).finish(), {
        headers: values,
      });
    });
    return {
      payment: InstantPayment.fromPartial({
        id: orderId,
        orderId,
        state: InstantPayment_State.STATE_AUTHENTICATING,
        checkoutUrl: 'https://pay.example/1',
      }),
    };
  },
};
host.serve(InstantPaymentServiceDefinition, handlers as Implementation<typeof InstantPaymentServiceDefinition>);
const { address } = await host.listen();
process.send!({ address });
