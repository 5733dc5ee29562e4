// Brings a cancel to its end: gives the charge back at the provider, and writes it down.
import { crashPoint, type Origin, originAt } from '@moa/kit';
import { cancelKeyOf, pauseMs } from '../domain/charge.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { type Cancel, type ClaimedCancel, postponeCancel, settleCancel } from '../store/cancellations.js';

/** Gives a charge back, once however often it is called. Throws OutcomeUnknown when the provider does not answer. */
export async function giveBack({ db, provider }: Context, origin: Origin, { paymentId, chargeId }: Cancel): Promise<void> {
  crashPoint('payment.cancel.sending');
  await provider.cancelCharge(chargeId, cancelKeyOf(paymentId));
  crashPoint('payment.cancel.answered');
  await settleCancel(db, origin, paymentId);
  crashPoint('payment.cancel.settled');
}

/** Ends a cancel that whoever began it did not end. */
export async function finishCancel(context: Context, cancel: ClaimedCancel): Promise<void> {
  const { db, clock, log } = context;
  const now = originAt(clock.now());
  try {
    await giveBack(context, cancel.trace ? { ...now, trace: cancel.trace } : now, cancel);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    log.warn({ paymentId: cancel.paymentId, tries: cancel.tries, cause: error.message }, 'outcome of a cancel unknown');
    await postponeCancel(db, cancel.paymentId, pauseMs(cancel.tries));
  }
}
