// Brings a refund to its end: gives the money back at the provider, and writes it down.
import { crashPoint, type Origin, originAt } from '@moa/kit';
import { pauseMs, refundKeyOf } from '../domain/charge.js';
import { fail } from '../errors.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { type ClaimedRefund, type OpenRefund, openRefunds, postponeRefund, refuseRefund } from '../store/refunds.js';
import { takeMoved } from './take-moved.js';

const RETRY_MS = 1_000;

/** Gives money back, once however often it is called. Throws OutcomeUnknown when the provider does not answer. */
async function giveBack(context: Context, origin: Origin, refund: OpenRefund): Promise<void> {
  const { db, provider } = context;
  const { id, paymentId, chargeId, currency, amountMinor, reason, tries } = refund;
  crashPoint('payment.refund.sending');
  const idempotencyKey = refundKeyOf(id);
  const answer = await provider.refund({ chargeId, idempotencyKey, currency, amountMinor, reason, tries });
  crashPoint('payment.refund.answered');
  // Who is refused learns why from the charge itself: the bank, or the provider's own staff, were first.
  const charge = answer.state === 'REFUSED' ? await provider.getCharge(chargeId) : answer;
  if (answer.state === 'REFUSED') {
    await refuseRefund(db, origin, id);
    crashPoint('payment.refund.refused');
  }
  if (charge) await takeMoved(context, origin, paymentId, charge);
  crashPoint('payment.refund.settled');
}

/**
 * Ends what is under way of a payment, or only this one, while somebody waits. A refund that was begun will be ended, by a repeat of the call or by the one
 * who looks for what is due: who cannot wait for the provider is told PROVIDER_UNAVAILABLE.
 */
export async function endRefunds(
  context: Context,
  origin: Origin,
  paid: { readonly paymentId: string; readonly chargeId: string; readonly currency: string },
  only: string | undefined,
): Promise<void> {
  for (const refund of await openRefunds(context.db, paid.paymentId)) {
    if (only !== undefined && refund.id !== only) continue;
    try {
      await giveBack(context, origin, { ...refund, ...paid });
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
      await postponeRefund(context.db, refund.id, RETRY_MS);
      throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
    }
  }
}

/** Ends a refund that whoever began it did not end. */
export async function finishRefund(context: Context, refund: ClaimedRefund): Promise<void> {
  const { db, clock, log } = context;
  const now = originAt(clock.now());
  try {
    await giveBack(context, refund.trace ? { ...now, trace: refund.trace } : now, refund);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    log.warn({ paymentId: refund.paymentId, tries: refund.tries, cause: error.message }, 'outcome of a refund unknown');
    await postponeRefund(db, refund.id, pauseMs(refund.tries));
  }
}
