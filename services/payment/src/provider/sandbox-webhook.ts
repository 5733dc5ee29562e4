// Whether a webhook comes from the sandbox provider, and is fresh.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { fail } from '../errors.js';
import type { ProviderEvent } from './port.js';

/** Older or newer than this is refused: who recorded one cannot play it back later. */
const WEBHOOK_WINDOW_MS = 5 * 60_000;

const shape = z.object({
  id: z.string().min(1).max(200),
  type: z.string().min(1).max(100),
  data: z.object({ charge: z.object({ id: z.string().min(1).max(200) }) }),
});

/**
 * Throws WEBHOOK_REFUSED unless the body was signed with the secret within the last minutes. `nowMs` is the machine's own clock: the
 * provider's clock is real, and ours may be shifted.
 */
export function checkSignature(secret: string, headers: Readonly<Record<string, string>>, body: Uint8Array, nowMs: number): void {
  const timestamp = headers['provider-timestamp'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs - Number(timestamp) * 1_000) > WEBHOOK_WINDOW_MS) throw fail('WEBHOOK_REFUSED');
  const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  const given = Buffer.from(headers['provider-signature'] ?? '', 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw fail('WEBHOOK_REFUSED');
}

/** What a signed body tells. Only the ids are used: everything else is asked of the provider. */
export function readEvent(body: Uint8Array): ProviderEvent {
  try {
    const { id, type, data } = shape.parse(JSON.parse(Buffer.from(body).toString('utf8')));
    return { id, type, chargeId: data.charge.id, idempotencyKey: undefined };
  } catch {
    throw fail('WEBHOOK_UNREADABLE');
  }
}
