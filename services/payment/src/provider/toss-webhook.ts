// What Toss Payments tells by webhook. It signs nothing of what it tells of payments, so nothing but the ids is used, and the payment is asked for.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fail } from '../errors.js';
import type { ProviderEvent } from './port.js';
import { keyOfOrder } from './toss-payment.js';

const PAYMENT_CHANGED = 'PAYMENT_STATUS_CHANGED';

const eventShape = z.object({ eventType: z.string().max(100).optional() });
const paymentEventShape = z.object({
  eventType: z.literal(PAYMENT_CHANGED),
  data: z.object({ paymentKey: z.string().min(1).max(200), orderId: z.string().min(1).max(64), status: z.string().max(50) }),
});
/** The same however often it is sent again. */
const idShape = z.string().regex(/^[\x21-\x7e]{1,200}$/);

/** Undefined for what it tells of other things: billing keys, payouts, deposits. */
export function readTossWebhook(headers: Readonly<Record<string, string>>, body: Uint8Array): ProviderEvent | undefined {
  try {
    const told: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (eventShape.parse(told).eventType !== PAYMENT_CHANGED) return undefined;
    const { paymentKey, orderId, status } = paymentEventShape.parse(told).data;
    const sentId = idShape.safeParse(headers['tosspayments-webhook-transmission-id']).data;
    const id = sentId ?? createHash('sha256').update(body).digest('hex');
    return { id: `toss:${id}`, type: `${PAYMENT_CHANGED} ${status}`, chargeId: paymentKey, idempotencyKey: keyOfOrder(orderId) };
  } catch {
    throw fail('WEBHOOK_UNREADABLE');
  }
}
