// Brings an attempt to its end: sends it, asks for its outcome, writes it down.
import { crashPoint, type Origin, originAt } from '@moa/kit';
import { attemptOfKey, idempotencyKeyOf, pauseMs } from '../domain/charge.js';
import { OutcomeUnknown, type PaymentProvider, type ProviderCharge, type Refusal } from '../provider/port.js';
import type { Context } from '../service.js';
import { type ClaimedAttempt, findAttempt, type OpenAttempt, postponeAttempt, settleAttempt } from '../store/attempts.js';
import { takeMoved } from './take-moved.js';

/** Works on an attempt that was claimed. Without an answer it stays UNKNOWN, and is asked for again after a pause. */
export async function chargeAttempt(context: Context, attempt: ClaimedAttempt): Promise<void> {
  const { db, provider, clock, log } = context;
  try {
    crashPoint('payment.charge.sending');
    const outcome = await outcomeOf(provider, attempt);
    crashPoint('payment.provider.answered');
    const now = originAt(clock.now());
    await settle(context, attempt.trace ? { ...now, trace: attempt.trace } : now, attempt, outcome);
    crashPoint('payment.charge.settled');
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    log.warn(
      { paymentId: attempt.paymentId, attempt: attempt.number, tries: attempt.tries, cause: error.message },
      'outcome of a charge unknown',
    );
    await postponeAttempt(db, attempt, pauseMs(attempt.tries));
  }
}

/** What somebody else learned of a pledge's charge at the provider. False when it is none of ours. */
export async function settleCharged(context: Context, origin: Origin, charge: ProviderCharge): Promise<boolean> {
  const key = attemptOfKey(charge.idempotencyKey);
  const attempt = key && (await findAttempt(context.db, key.paymentId, key.number));
  if (attempt) await settle(context, origin, attempt, charge);
  return attempt !== undefined;
}

// What may have been sent before is asked for first. What the provider never booked is sent under the same key, so that it cannot be
// booked twice even if the first request is still on its way.
async function outcomeOf(provider: PaymentProvider, attempt: ClaimedAttempt): Promise<ProviderCharge | Refusal> {
  const idempotencyKey = idempotencyKeyOf(attempt.paymentId, attempt.number);
  const found = attempt.was === 'UNKNOWN' ? await provider.findCharge(idempotencyKey) : undefined;
  const { billingKey, payerId, currency, amountMinor, pledgeId, tries } = attempt;
  return found ?? provider.charge({ idempotencyKey, billingKey, holderId: payerId, currency, amountMinor, orderId: pledgeId, tries });
}

async function settle(context: Context, origin: Origin, attempt: OpenAttempt, charge: ProviderCharge | Refusal): Promise<void> {
  if (charge.state !== 'REFUSED' && (charge.currency !== attempt.currency || charge.amountMinor !== attempt.amountMinor)) {
    throw new OutcomeUnknown('the provider tells of another amount');
  }
  await settleAttempt(context.db, origin, attempt, charge);
  // Given back by somebody else before we knew that it was paid, or after.
  if (charge.state !== 'REFUSED') await takeMoved(context, origin, attempt.paymentId, charge);
}
