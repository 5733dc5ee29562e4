// Gives money of a pledge's payment back while somebody waits for it.
import type { Origin } from '@moa/kit';
import { type Payment, paidCharge } from '../domain/payment.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findPayment } from '../store/payments.js';
import { beginRefund } from '../store/refunds.js';
import { endRefunds } from './give-back.js';

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
 * Begins the refund and ends it, or, when all that is left is wanted, whatever is under way; gives the payment as it stands then.
 */
export async function refundOfPledge(context: Context, origin: Origin, wanted: WantedRefund): Promise<Payment> {
  const { db, leaseMs } = context;
  const payment = await load(context, wanted.pledgeId);
  const chargeId = paidCharge(payment);
  if (wanted.currency !== undefined && wanted.currency !== payment.currency) throw fail('CURRENCY_WRONG', { currency: payment.currency });
  if (wanted.amountMinor === 0n && payment.amountMinor > 0n) throw fail('REFUND_EMPTY', { pledgeId: wanted.pledgeId });
  // Of what cost no money, nothing is all of it: with it come the coupons and points.
  const amountMinor = wanted.amountMinor || undefined;
  await beginRefund(db, origin, { ...wanted, amountMinor, paymentId: payment.id }, leaseMs);
  // Who wants a part does not wait for the parts of others.
  const only = amountMinor === undefined ? undefined : wanted.id;
  if (chargeId) await endRefunds(context, origin, { paymentId: payment.id, chargeId, currency: payment.currency }, only);
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
