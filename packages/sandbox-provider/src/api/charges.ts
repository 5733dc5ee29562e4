import { randomUUID } from 'node:crypto';
import type { Delivery } from '../books.js';
import type { Behaviour } from '../cards.js';
import type { Faults } from '../faults.js';
import { feeOf } from '../fee.js';
import { currencyField, MAX_AMOUNT_MINOR, neededKey, textField, wholeField } from '../fields.js';
import { type ApiAnswer, ApiError, type ApiRequest, type Route } from '../http.js';
import type { Ledger } from '../provider.js';
import type { Charge, WebhookEvent } from '../types.js';

/** Nobody is held longer than this, so that a client without a timeout does not hang for ever. */
const HANG_LIMIT_MS = 120_000;
const TENTH_MS = 100;
const DEFAULT_SLOW_MS = 1_500;
const DEFAULT_LATE_MS = 3_000;

export function chargeRoutes({ books, record, settled }: Ledger, faults: Faults): Route[] {
  async function createCharge(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const idempotencyKey = neededKey(request);
    const asked = {
      billingKey: textField(request.body, 'billingKey'),
      amountMinor: wholeField(request.body, 'amountMinor', 1, MAX_AMOUNT_MINOR),
      currency: currencyField(request.body, 'currency'),
      orderId: textField(request.body, 'orderId'),
    };
    const earlier = books.chargeByIdempotencyKey(idempotencyKey);
    if (earlier) return repeated(earlier, asked);
    const card = books.billingKey(asked.billingKey);
    if (!card) throw new ApiError(404, 'billing_key_not_found', 'There is no such billing key.', 'billingKey');

    const behaviour = faults.pick('CHARGE', idempotencyKey, card.behaviour);
    if (behaviour.kind === 'TIMEOUT_BEFORE') return hang(request.gone);
    if (behaviour.kind === 'ERROR_ONCE') throw new ApiError(500, 'internal', 'Something went wrong at the provider.');

    const time = new Date().toISOString();
    const declined =
      behaviour.kind === 'DECLINE' || (behaviour.kind === 'DECLINE_FIRST' && books.chargesOn(card.billingKey) < behaviour.parameter);
    const charge: Charge = {
      id: `ch_${randomUUID()}`,
      state: declined ? 'DECLINED' : 'SUCCEEDED',
      ...asked,
      feeMinor: declined ? 0 : feeOf(asked.amountMinor),
      idempotencyKey,
      ...(declined ? { declineCode: 'insufficient_funds' } : {}),
      createTime: time,
    };
    const event = eventOf(declined ? 'charge.declined' : 'charge.succeeded', charge, time);
    await record({ kind: 'CHARGE', charge, event, delivery: deliveryOf(behaviour) });
    return answered({ status: 200, body: charge }, behaviour, request.gone);
  }

  // A repeat gets what the first call was told, even when the charge was canceled since.
  async function repeated(charge: Charge, asked: Pick<Charge, 'billingKey' | 'amountMinor' | 'currency' | 'orderId'>): Promise<ApiAnswer> {
    const same = (Object.keys(asked) as (keyof typeof asked)[]).every((field) => asked[field] === charge[field]);
    if (!same) throw new ApiError(409, 'idempotency_key_reused', 'This Idempotency-Key came with another body before.');
    await settled();
    if (charge.state !== 'CANCELED') return { status: 200, body: charge };
    const { cancelTime: _, ...first } = charge;
    return { status: 200, body: { ...first, state: 'SUCCEEDED' } };
  }

  async function cancelCharge(request: ApiRequest): Promise<ApiAnswer | undefined> {
    const cancelKey = neededKey(request);
    const id = request.params[0] ?? '';
    const earlier = books.canceledBy(cancelKey);
    if (earlier && earlier.id !== id) throw new ApiError(409, 'idempotency_key_reused', 'This Idempotency-Key canceled another charge.');
    const charge = earlier ?? books.charge(id);
    if (!charge) throw new ApiError(404, 'charge_not_found', 'There is no such charge.');
    if (earlier) {
      await settled();
      return { status: 200, body: earlier };
    }
    if (charge.state === 'DECLINED') throw new ApiError(409, 'charge_not_paid', 'A declined charge has nothing to give back.');

    const behaviour = faults.pick('CANCEL', cancelKey, { kind: 'PLAIN', parameter: 0 });
    if (behaviour.kind === 'TIMEOUT_BEFORE') return hang(request.gone);
    if (behaviour.kind === 'ERROR_ONCE') throw new ApiError(500, 'internal', 'Something went wrong at the provider.');
    // The whole charge goes back, and only once: never more than was paid.
    if (charge.state === 'CANCELED') throw new ApiError(409, 'charge_already_canceled', 'This charge was canceled before.');

    const time = new Date().toISOString();
    const canceled: Charge = { ...charge, state: 'CANCELED', cancelTime: time };
    const event = eventOf('charge.canceled', canceled, time);
    await record({ kind: 'CANCEL', charge: canceled, cancelKey, event, delivery: deliveryOf(behaviour) });
    return answered({ status: 200, body: canceled }, behaviour, request.gone);
  }

  async function findCharge({ query }: ApiRequest): Promise<ApiAnswer> {
    const key = query.get('idempotencyKey');
    if (!key) throw new ApiError(400, 'invalid_request', 'idempotencyKey is needed.', 'idempotencyKey');
    return shown(books.chargeByIdempotencyKey(key));
  }

  async function shown(charge: Charge | undefined): Promise<ApiAnswer> {
    if (!charge) throw new ApiError(404, 'charge_not_found', 'There is no such charge.');
    await settled();
    return { status: 200, body: charge };
  }

  return [
    { method: 'POST', path: '/v1/charges', handle: createCharge },
    { method: 'GET', path: '/v1/charges', handle: findCharge },
    { method: 'GET', path: '/v1/charges/:', handle: ({ params: [id = ''] }) => shown(books.charge(id)) },
    { method: 'POST', path: '/v1/charges/:/cancel', handle: cancelCharge },
  ];
}

function eventOf(type: WebhookEvent['type'], charge: Charge, createTime: string): WebhookEvent {
  return { id: `evt_${randomUUID()}`, type, createTime, data: { charge } };
}

function deliveryOf({ kind, parameter }: Behaviour): Delivery {
  if (kind === 'DUPLICATE_WEBHOOK') return { kind: 'DUPLICATE' };
  if (kind === 'REORDERED_WEBHOOKS') return { kind: 'REORDERED' };
  if (kind === 'LATE_WEBHOOK') return { kind: 'LATE', delayMs: parameter * TENTH_MS || DEFAULT_LATE_MS };
  return { kind: 'PLAIN' };
}

/** Everything is booked by now; some answers come slowly, some never. */
async function answered(answer: ApiAnswer, { kind, parameter }: Behaviour, gone: AbortSignal): Promise<ApiAnswer | undefined> {
  if (kind === 'TIMEOUT_AFTER_SUCCESS') return hang(gone);
  if (kind === 'SLOW') await untilGone(gone, parameter * TENTH_MS || DEFAULT_SLOW_MS);
  return answer;
}

async function hang(gone: AbortSignal): Promise<ApiAnswer | undefined> {
  await untilGone(gone, HANG_LIMIT_MS);
  return gone.aborted ? undefined : { status: 504, body: { error: { code: 'timeout', message: 'The provider did not answer in time.' } } };
}

function untilGone(gone: AbortSignal, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve();
    const timer = setTimeout(resolve, limitMs);
    gone.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
