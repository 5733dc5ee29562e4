import type { Origin } from '@moa/kit';
import { attemptOfKey, orderOfKey } from '../domain/charge.js';
import type { ProviderCharge } from '../provider/port.js';
import type { Context } from '../service.js';
import { isKnown } from '../store/payments.js';
import { settleCharged } from './charge-attempt.js';
import { settleApproved } from './confirm-payment.js';

/** What somebody learned of a charge at the provider, such as by a webhook, of an order or of a pledge. False when it is none of ours. */
export const settleFound = async (context: Context, origin: Origin, charge: ProviderCharge): Promise<boolean> =>
  (await settleApproved(context, origin, charge)) || (await settleCharged(context, origin, charge));

/** Whether a key of the provider's charges is one of ours, or an order's, and its payment is known. */
export async function isOurs({ db }: Context, idempotencyKey: string): Promise<boolean> {
  const paymentId = attemptOfKey(idempotencyKey)?.paymentId;
  const orderId = orderOfKey(idempotencyKey);
  return (paymentId !== undefined || orderId !== undefined) && isKnown(db, { ...(paymentId ? { id: paymentId } : { orderId: orderId! }) });
}
