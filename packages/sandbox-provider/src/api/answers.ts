// What faults make of an answer, and what events say.
import { randomUUID } from 'node:crypto';
import type { Delivery } from '../books.js';
import type { Behaviour } from '../cards.js';
import { type ApiAnswer, ApiError } from '../http.js';
import type { Charge, WebhookEvent } from '../types.js';

/** Nobody is held longer than this, so that a client without a timeout does not hang for ever. */
const HANG_LIMIT_MS = 120_000;
export const TENTH_MS = 100;
const DEFAULT_SLOW_MS = 1_500;
const DEFAULT_LATE_MS = 3_000;

export function eventOf(type: WebhookEvent['type'], charge: Charge, createTime: string): WebhookEvent {
  return { id: `evt_${randomUUID()}`, type, createTime, data: { charge } };
}

export function deliveryOf({ kind, parameter }: Behaviour): Delivery {
  if (kind === 'DUPLICATE_WEBHOOK') return { kind: 'DUPLICATE' };
  if (kind === 'REORDERED_WEBHOOKS') return { kind: 'REORDERED' };
  if (kind === 'LATE_WEBHOOK') return { kind: 'LATE', delayMs: parameter * TENTH_MS || DEFAULT_LATE_MS };
  return { kind: 'PLAIN' };
}

/** A repeat gets what the first call was told, whatever was given back since. */
export async function repeated(charge: Charge, asked: Partial<Charge>, settled: () => Promise<void>): Promise<ApiAnswer> {
  const same = (Object.keys(asked) as (keyof Charge)[]).every((field) => asked[field] === charge[field]);
  if (!same) throw new ApiError(409, 'idempotency_key_reused', 'This Idempotency-Key came with another body before.');
  await settled();
  if (charge.state === 'DECLINED') return { status: 200, body: charge };
  const { chargebackTime: _, ...first } = charge;
  return { status: 200, body: { ...first, state: 'SUCCEEDED', refunds: [] } };
}

/** Everything is booked by now; some answers come slowly, some never. */
export async function answered(answer: ApiAnswer, { kind, parameter }: Behaviour, gone: AbortSignal): Promise<ApiAnswer | undefined> {
  if (kind === 'TIMEOUT_AFTER_SUCCESS') return hang(gone);
  if (kind === 'SLOW') await untilGone(gone, parameter * TENTH_MS || DEFAULT_SLOW_MS);
  return answer;
}

/** No answer, until the caller gives up. */
export async function hang(gone: AbortSignal): Promise<ApiAnswer | undefined> {
  await untilGone(gone, HANG_LIMIT_MS);
  return gone.aborted ? undefined : { status: 504, body: { error: { code: 'timeout', message: 'The provider did not answer in time.' } } };
}

/** Waits so long, or until the signal. */
export function untilGone(gone: AbortSignal, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      gone.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, limitMs);
    gone.addEventListener('abort', done);
  });
}
