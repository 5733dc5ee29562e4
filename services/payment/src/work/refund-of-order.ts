// Gives money of an order's payment back while somebody waits for it.
import type { Origin } from '@moa/kit';
import { approvedCharge, type InstantPayment, type RefundLine } from '../domain/instant-payment.js';
import { fail } from '../errors.js';
import type { Context } from '../service.js';
import { findByOrder } from '../store/instant-payments.js';
import { beginRefund } from '../store/refunds.js';
import { endRefunds } from './give-back.js';

export interface WantedOrderRefund {
  /** The request's: the same refund however often it is asked for. */
  readonly id: string;
  readonly orderId: string;
  /** Undefined: all that is left, of every seller. */
  readonly part: { readonly currency: string; readonly amountMinor: bigint; readonly lines: readonly RefundLine[] } | undefined;
  readonly reason: string;
}

/** Begins the refund and ends it, or, when all that is left is wanted, whatever is under way; gives the payment as it stands then. */
export async function refundOfOrder(context: Context, origin: Origin, wanted: WantedOrderRefund): Promise<InstantPayment> {
  const { id, orderId, part, reason } = wanted;
  const payment = await load(context, orderId);
  const chargeId = approvedCharge(payment);
  if (part && part.currency !== payment.currency) throw fail('CURRENCY_WRONG', { currency: payment.currency });
  const refund = { id, paymentId: payment.id, amountMinor: part?.amountMinor, lines: part?.lines, reason };
  await beginRefund(context.db, origin, refund, context.leaseMs);
  // Who wants a part does not wait for the parts of others.
  if (chargeId) await endRefunds(context, origin, { paymentId: payment.id, chargeId, currency: payment.currency }, part && id);
  const after = await load(context, orderId);
  const refused = after.refunds.some((made) => made.id === id && made.state === 'REFUSED');
  // Who wanted everything back, and finds that somebody else gave it back, has what he wanted.
  if (refused && (part || after.refundedMinor < after.amountMinor)) throw fail('REFUND_REFUSED', { orderId });
  return after;
}

async function load({ db }: Context, orderId: string): Promise<InstantPayment> {
  const payment = await findByOrder(db, orderId);
  if (!payment) throw fail('PAYMENT_NOT_FOUND', { orderId });
  return payment;
}
