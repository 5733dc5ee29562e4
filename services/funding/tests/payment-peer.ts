// Payment as funding sees it: takes charges, gives back, and tells by events what came of it, when the test says so.

import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { type Payment, Payment_State } from '@moa/contracts/payment/v1/payment';
import {
  BillingMethodRegistered,
  PaymentChargedBack,
  PaymentCompleted,
  PaymentFailed,
  PaymentRefunded,
} from '@moa/contracts/payment/v1/payment_events';
import {
  type CancelChargeRequest,
  type Charge,
  FundingPaymentServiceDefinition,
  type RefundChargeRequest,
} from '@moa/contracts/payment/v1/payment_service';
import { failures, openHost } from '@moa/kit';
import { openEvents } from '@moa/testkit';
import { bed } from './support.js';

const fail = failures('moa.payment', {
  NOT_HERE: status.UNIMPLEMENTED,
  BILLING_METHOD_NOT_FOUND: status.FAILED_PRECONDITION,
  PAYMENT_CHARGED_BACK: status.FAILED_PRECONDITION,
});

export async function openPaymentPeer() {
  const events = await openEvents(bed);
  const taken = new Map<string, Charge>();
  const sent: Charge[] = [];
  const canceled: CancelChargeRequest[] = [];
  const refunded: RefundChargeRequest[] = [];
  const requests = new Map<string, number>();
  const refused = new Set<string>();
  const takenByBank = new Set<string>();
  const notHere = async () => Promise.reject(fail('NOT_HERE'));

  const chargeOf = (id: string): Charge => [...taken.values()].find(({ pledgeId }) => pledgeId === id)!;

  const host = await openHost('payment', await bed.config('payment'));
  host.serve(FundingPaymentServiceDefinition, {
    async chargePledges({ requestId, charges }) {
      if (charges.some(({ pledgeId }) => refused.has(pledgeId))) throw fail('BILLING_METHOD_NOT_FOUND');
      requests.set(requestId, (requests.get(requestId) ?? 0) + 1);
      for (const charge of charges) {
        sent.push(charge);
        taken.set(`${charge.pledgeId} ${charge.attempt}`, charge);
      }
      return { payments: charges.map((charge) => paymentOf(charge)) };
    },
    async cancelCharge(request) {
      canceled.push(request);
      if (takenByBank.has(request.pledgeId)) throw fail('PAYMENT_CHARGED_BACK');
      const charge = chargeOf(request.pledgeId);
      return { payment: { ...paymentOf(charge), state: Payment_State.STATE_CANCELED, refunded: charge.amount } };
    },
    async refundCharge(request) {
      refunded.push(request);
      return {
        payment: { ...paymentOf(chargeOf(request.pledgeId)), state: Payment_State.STATE_PARTIALLY_REFUNDED, refunded: request.amount },
      };
    },
    registerBillingMethod: notHere,
    listBillingMethods: notHere,
    getPayment: notHere,
    listPayments: notHere,
  });
  const running = await host.listen();

  const told = (charge: Charge) => ({
    paymentId: charge.pledgeId || randomUUID(),
    pledgeId: charge.pledgeId,
    projectId: charge.projectId,
    payerId: charge.backerId,
    amount: charge.amount,
    attempt: charge.attempt,
    orderId: '',
  });

  const toldOfRefund = (charge: Charge) => {
    const { attempt: _, ...rest } = told(charge);
    return { ...rest, platformCouponMinor: 0n, sellerCouponMinor: 0n, pointsMinor: 0n };
  };

  return {
    address: running.address,
    /** Every charge that came in, also those that came again. */
    sent,
    /** By pledge and attempt. */
    taken,
    canceled,
    refunded,
    /** How often each request came. */
    requests,
    /** Pledges that are not accepted at all. */
    refused,
    /** Pledges whose money the payer's bank has taken back. */
    takenByBank,
    complete: (charge: Charge, id?: string) => events.publish(PaymentCompleted, told(charge), id ? { id } : {}),
    refuse: (charge: Charge, id?: string) =>
      events.publish(PaymentFailed, { ...told(charge), declineCode: 'CARD_LIMIT' }, id ? { id } : {}),
    /** So much of it by now: all, unless said otherwise. */
    giveBack: (charge: Charge, id?: string, soFar = charge.amount!.amountMinor) =>
      events.publish(
        PaymentRefunded,
        {
          ...toldOfRefund(charge),
          refunded: { ...charge.amount!, amountMinor: soFar },
          refundId: charge.pledgeId,
          inFull: soFar === charge.amount!.amountMinor,
        },
        id ? { id } : {},
      ),
    chargeBack: (charge: Charge) => events.publish(PaymentChargedBack, toldOfRefund(charge)),
    register: (accountId: string, billingMethodId: string) => events.publish(BillingMethodRegistered, { accountId, billingMethodId }),
    events,
    async stop() {
      await running.stop();
      await events.close();
    },
  };
}

const paymentOf = (charge: Charge): Payment => ({
  id: charge.pledgeId,
  pledgeId: charge.pledgeId,
  projectId: charge.projectId,
  payerId: charge.backerId,
  state: Payment_State.STATE_CHARGING,
  amount: charge.amount,
  attempts: [],
  createTime: undefined,
  refunded: undefined,
  refunds: [],
});
