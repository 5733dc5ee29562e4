// Gives money of a pledge's payment back while somebody waits for it.
import type { Origin } from '@moa/kit';
import { type Payment, paidCharge } from '../domain/payment.js';
import { fail } from '../errors.js';
import { OutcomeUnknown } from '../provider/port.js';
import type { Context } from '../service.js';
import { findPayment } from '../store/payments.js';
import { beginRefund, openRefunds, postponeRefund } from '../store/refunds.js';
import { giveBack } from './give-back.js';

const RETRY_MS = 1_000;

export interface WantedRefund {
  /** The request's: the same refund however often it is asked for. */
  readonly id: string;
  readonly pledgeId: string;
  /** Undefined: all that is left. */
  readonly amountMinor: bigint | undefined;
  readonly currency?: string;
  readonly reason: string;
}

/**
 * Begins the refund and ends it, or, when all that is left is wanted, whatever is under way; gives the payment as it stands then. A refund
 * that was begun will be ended, by a repeat of this call or by the one who looks for what is due: who cannot wait for the provider is told
 * PROVIDER_UNAVAILABLE.
 */
export async function refundOfPledge(context: Context, origin: Origin, wanted: WantedRefund): Promise<Payment> {
  const { db, leaseMs } = context;
  const payment = await load(context, wanted.pledgeId);
  const chargeId = paidCharge(payment);
  if (wanted.currency !== undefined && wanted.currency !== payment.currency) throw fail('CURRENCY_WRONG', { currency: payment.currency });
  await beginRefund(db, origin, { ...wanted, paymentId: payment.id }, leaseMs);
  // Who wants a part does not wait for the parts of others.
  const open = (await openRefunds(db, payment.id)).filter(({ id }) => wanted.amountMinor === undefined || id === wanted.id);
  for (const refund of open) {
    try {
      await giveBack(context, origin, { ...refund, paymentId: payment.id, chargeId, currency: payment.currency });
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
      await postponeRefund(db, refund.id, RETRY_MS);
      throw fail('PROVIDER_UNAVAILABLE', {}, { retryAfterMs: RETRY_MS });
    }
  }
  const after = await load(context, wanted.pledgeId);
  const refused = after.refunds.some(({ id, state }) => id === wanted.id && state === 'REFUSED');
  // Who wanted everything back, and finds that somebody else gave it back, has what he wanted.
  if (refused && !(wanted.amountMinor === undefined && after.state === 'CANCELED'))
    throw fail('REFUND_REFUSED', { pledgeId: wanted.pledgeId });
  return after;
}

async function load({ db }: Context, pledgeId: string): Promise<Payment> {
  const payment = await findPayment(db, pledgeId);
  if (!payment) throw fail('PAYMENT_NOT_FOUND', { pledgeId });
  return payment;
}
