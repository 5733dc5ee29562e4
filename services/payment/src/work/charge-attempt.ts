// Brings an attempt to its end: sends it, asks for its outcome, writes it down.
import { crashPoint, type Origin, originAt } from '@moa/kit';
import { attemptOfKey, idempotencyKeyOf, pauseMs } from '../domain/charge.js';
import { sameAmount } from '../domain/orphan.js';
import { OutcomeUnknown, type PaymentProvider, type ProviderCharge, type Refusal } from '../provider/port.js';
import type { Context } from '../service.js';
import { type ClaimedAttempt, findAttempt, type OpenAttempt, postponeAttempt, settleAttempt } from '../store/attempts.js';
import { takeOrphan } from './orphans.js';
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

/**
 * What somebody else learned of a pledge's charge at the provider, such as by a webhook. One that was asked for in our name and is none
 * of ours is given back: who books other charges under keys of this form looks for his own first. False when the key is not of this form.
 */
export async function settleCharged(context: Context, origin: Origin, charge: ProviderCharge): Promise<boolean> {
  const key = attemptOfKey(charge.idempotencyKey);
  if (!key) return false;
  const attempt = await findAttempt(context.db, key.paymentId, key.number);
  if (attempt) await settle(context, origin, attempt, charge);
  else if (charge.state !== 'DECLINED') await takeOrphan(context, origin, charge, 'NO_ATTEMPT');
  return true;
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
  const { db } = context;
  if (charge.state === 'REFUSED' || charge.state === 'DECLINED') {
    await settleAttempt(db, origin, attempt, charge);
    return;
  }
  const { paymentId, number } = attempt;
  if (!sameAmount(charge, attempt)) {
    await takeOrphan(context, origin, charge, 'AMOUNT_DIFFERS');
    // Its key is used up: nothing else can be charged under it. An attempt that has ended stays as it is.
    await settleAttempt(db, origin, attempt, { state: 'REFUSED', code: AMOUNT_DIFFERS });
    return;
  }
  await settleAttempt(db, origin, attempt, charge);
  // An attempt that has ended otherwise does not stand for it.
  if ((await findAttempt(db, paymentId, number))?.chargeId !== charge.id) {
    return takeOrphan(context, origin, charge, 'NOT_EXPECTED');
  }
  // Given back by somebody else before we knew that it was paid, or after.
  await takeMoved(context, origin, paymentId, charge);
}

/** The decline code of an attempt under whose key another amount was charged. */
const AMOUNT_DIFFERS = 'amount_differs';
