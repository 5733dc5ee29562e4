// Sees to it that of a payment that has ended nothing more is approved, and that what was approved nevertheless is given back.
import { crashPoint, originAt } from '@moa/kit';
import { pauseMs } from '../domain/charge.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { type ClaimedClose, finishClose, postponeClose } from '../store/confirmations.js';
import { settleApproved } from './confirm-payment.js';
import { takeOrphan } from './orphans.js';

export async function closeCheckout(context: Context, { paymentId, orderId, tries }: ClaimedClose): Promise<void> {
  const { db, provider, clock, log } = context;
  try {
    const approved = await provider.closeCheckout(orderId);
    crashPoint('payment.checkout.closed');
    const now = originAt(clock.now());
    if (approved && !(await settleApproved(context, now, approved))) await takeOrphan(context, now, approved, 'NO_ATTEMPT');
    await finishClose(db, paymentId);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    log.warn({ paymentId, tries, cause: error.message }, 'a checkout is not closed yet');
    await postponeClose(db, paymentId, pauseMs(tries));
  }
}
