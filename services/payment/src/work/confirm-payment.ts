// Brings a confirmation to its end: sends it, asks for its outcome, writes it down.
import { crashPoint, type Origin, originAt } from '@moa/kit';
import { idempotencyKeyOf, pauseMs } from '../domain/charge.js';
import { confirmedBy, type InstantPayment, MOST_ATTEMPTS } from '../domain/instant-payment.js';
import { sameAmount } from '../domain/orphan.js';
import { fail } from '../errors.js';
import { OutcomeUnknown, type PaymentProvider, type ProviderCharge, type Refusal } from '../provider/port.js';
import type { Context } from '../service.js';
import {
  type ClaimedConfirmation,
  confirmationOf,
  type OpenConfirmation,
  postponeConfirmation,
  settleConfirmation,
} from '../store/confirmations.js';
import { beginConfirmation, findByOrder, type WantedConfirmation } from '../store/instant-payments.js';
import { takeOrphan } from './orphans.js';
import { takeMoved } from './take-moved.js';

const RETRY_MS = 1_000;
/** Of a refusal when the payment had ended before anything was approved. */
const CHECKOUT_CLOSED = 'checkout_closed';
/** The decline code of an attempt under whose key another amount was charged. */
const AMOUNT_DIFFERS = 'amount_differs';

/**
 * Approves a payment while its buyer waits. Amount and order are compared before the provider is asked. Without an answer the attempt stays
 * open, to be ended by a repeat of this call or by the one who looks for what is due: then PROVIDER_UNAVAILABLE is thrown.
 */
export async function confirmPayment(context: Context, origin: Origin, wanted: WantedConfirmation): Promise<InstantPayment> {
  const { db, provider, leaseMs } = context;
  const begun = await beginConfirmation(db, origin, wanted, MOST_ATTEMPTS, leaseMs);
  const attempt = begun.attempts.find(({ paymentKey }) => paymentKey === wanted.paymentKey)!;
  if (attempt.state === 'UNKNOWN') {
    const open = { ...begun, paymentId: begun.id, number: attempt.number };
    try {
      crashPoint('payment.confirm.sending');
      const outcome = await send(provider, { ...open, paymentKey: attempt.paymentKey, wanted: begun.state === 'AUTHENTICATING', tries: 1 });
      crashPoint('payment.confirm.answered');
      await settle(context, origin, open, outcome);
      crashPoint('payment.confirm.settled');
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
      await postponeConfirmation(db, open, RETRY_MS);
      throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
    }
  }
  return confirmedBy(wanted.paymentKey, (await findByOrder(db, wanted.orderId))!);
}

/** Works on a confirmation that was claimed. Without an answer it stays UNKNOWN, and is asked for again after a pause. */
export async function finishConfirmation(context: Context, claimed: ClaimedConfirmation): Promise<void> {
  const { db, provider, clock, log } = context;
  const { paymentId, number, orderId, tries, trace } = claimed;
  try {
    const now = originAt(clock.now());
    const origin = trace ? { ...now, trace } : now;
    // It was sent, or may have been: so the provider is asked before it is sent again, under the same key.
    const found = claimed.wanted ? await provider.findPayment(orderId) : undefined;
    const own = found?.id === claimed.paymentKey ? found : undefined;
    if (found && !own) await settleApproved(context, origin, found);
    const outcome = own ?? (await send(provider, claimed));
    const { shares, currency, amountMinor } = (await findByOrder(db, orderId))!;
    await settle(context, origin, { paymentId, number, orderId, shares, currency, amountMinor }, outcome);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    log.warn({ paymentId, attempt: number, tries, cause: error.message }, 'outcome of a confirmation unknown');
    await postponeConfirmation(db, claimed, pauseMs(tries));
  }
}

/** What somebody else learned of an order's charge at the provider. False when it is none of ours. */
export async function settleApproved(context: Context, origin: Origin, charge: ProviderCharge): Promise<boolean> {
  const confirmation = await confirmationOf(context.db, charge);
  if (confirmation) await settle(context, origin, confirmation, charge);
  return confirmation !== undefined;
}

type Sent = Pick<ClaimedConfirmation, 'paymentId' | 'number' | 'orderId' | 'paymentKey' | 'currency' | 'amountMinor' | 'wanted' | 'tries'>;

// Of a payment that has ended nothing more is to be approved: the provider closes it, and tells what it had approved before.
async function send(provider: PaymentProvider, sent: Sent): Promise<ProviderCharge | Refusal> {
  const { paymentId, number, orderId, paymentKey, currency, amountMinor, wanted, tries } = sent;
  if (!wanted) return (await provider.closeCheckout(orderId)) ?? { state: 'REFUSED', code: CHECKOUT_CLOSED };
  return provider.confirm({ idempotencyKey: idempotencyKeyOf(paymentId, number), paymentKey, orderId, currency, amountMinor, tries });
}

async function settle(context: Context, origin: Origin, confirmation: OpenConfirmation, charge: ProviderCharge | Refusal): Promise<void> {
  const { db } = context;
  if (charge.state === 'REFUSED' || charge.state === 'DECLINED') {
    await settleConfirmation(db, origin, confirmation, charge);
    return;
  }
  if (!sameAmount(charge, confirmation)) {
    await takeOrphan(context, origin, charge, 'AMOUNT_DIFFERS');
    await settleConfirmation(db, origin, confirmation, { state: 'REFUSED', code: AMOUNT_DIFFERS });
    return;
  }
  await settleConfirmation(db, origin, confirmation, charge);
  const { attempts } = (await findByOrder(db, confirmation.orderId))!;
  // The order was paid with another.
  if (!attempts.some(({ providerChargeId }) => providerChargeId === charge.id)) return takeOrphan(context, origin, charge, 'NOT_EXPECTED');
  // Given back by somebody else before we knew that it was paid, or after.
  await takeMoved(context, origin, confirmation.paymentId, charge);
}
